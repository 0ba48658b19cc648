import numpy as np
import pytest

from dreamitate_ros.simulate.block_tools import DESIGNS, LENGTH_M, WIDTH_M, texture, write
from dreamitate_ros.tool import load_tool

from .conftest import CONFIG


def plate(name):
    """(H, W, 3) the plate's pattern, 0..1."""
    image = texture(DESIGNS[name])
    rows = round(image.width * WIDTH_M / LENGTH_M)
    return np.asarray(image, float)[:rows] / 255


def test_the_committed_meshes_are_what_the_code_draws(tmp_path):
    for name, design in DESIGNS.items():
        write(design, tmp_path / name)
        for file in ("tool.obj", "tool.mtl"):
            assert (tmp_path / name / file).read_text() == (CONFIG / "tools" / name / file).read_text()
        drawn, committed = (load_tool(name, root / name) for root in (tmp_path, CONFIG / "tools"))
        pixels = [
            np.asarray(tool.mesh.visual.material.image.convert("RGB"), float) for tool in (drawn, committed)
        ]
        assert np.abs(pixels[0] - pixels[1]).mean() < 1


def test_the_tool_frame_lies_on_the_plate():
    for name in DESIGNS:
        low, high = load_tool(name, CONFIG / "tools" / name).mesh.bounds
        np.testing.assert_allclose(low[:2], -high[:2])
        assert high[2] == 0
        assert high[0] > high[1]


@pytest.mark.parametrize("kind", ["block", "bold"])
def test_no_pattern_looks_like_another_or_like_itself_turned(kind):
    left, right = plate(f"{kind}_left"), plate(f"{kind}_right")
    for first, second in (
        (left, right),
        *((p, q) for p in (left, right) for q in (p[::-1], p[:, ::-1], p[::-1, ::-1])),
    ):
        assert np.corrcoef(first.ravel(), second.ravel())[0, 1] < 0.5

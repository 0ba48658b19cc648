"""A tool's place from the steps of a drawing, and from its tip as a pivot found it."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from dreamitate_ros.calibrate.command import add_arguments, main
from dreamitate_ros.calibrate.mount import Mount, mount_text, moved_to, read_mount
from dreamitate_ros.calibrate.pivot import Pivot
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.tool import load_tool

BLOCK = """
steps:                       # the bracket of config/tools/block_left
  - {turn_deg: -135, about: y}
  - {move_mm: [120.7106781, 0, -50.7106781]}
"""


def drawing(folder: Path, text: str) -> Path:
    path = folder / "mount.yaml"
    path.write_text(text)
    return path


def test_the_steps_of_the_block_tools_bracket_give_its_mount(tmp_path: Path) -> None:
    tool = load_tool("left", config_directory() / "tools" / "block_left")
    given = tool.flange_from_tool
    turned = np.rad2deg(np.arctan2(given[0, 2], given[0, 0]))
    shift_mm = (1e3 * given[:3, :3].T @ given[:3, 3]).tolist()
    steps = [{"turn_deg": float(turned), "about": "y"}, {"move_mm": shift_mm}]
    mount = read_mount(drawing(tmp_path, yaml.safe_dump({"steps": steps})))
    np.testing.assert_allclose(mount.flange_from_tool, given, atol=1e-9)
    written = yaml.safe_load(mount_text(mount))
    np.testing.assert_allclose(written["flange_from_tool"], given, atol=1e-7)


def test_each_step_is_taken_in_the_frame_of_the_one_before(tmp_path: Path) -> None:
    text = "steps: [{turn_deg: 90, about: z}, {move_mm: [10, 0, 0]}, {turn_deg: 90, about: x}]"
    pose = read_mount(drawing(tmp_path, text)).flange_from_tool
    np.testing.assert_allclose(pose[:3, 3], [0, 0.01, 0], atol=1e-12)
    np.testing.assert_allclose(pose[:3, 2], [1, 0, 0], atol=1e-12)


def test_a_pivot_moves_the_mount_by_little_and_refuses_much() -> None:
    mount = Mount(np.eye(4), np.array([0, 0, 0.1]))
    near = Pivot(np.array([0.002, 0, 0.101]), np.zeros(3), np.zeros(6))
    moved, off_m = moved_to(mount, near)
    np.testing.assert_allclose(moved.flange_from_tool[:3, 3], [0.002, 0, 0.001], atol=1e-12)
    assert off_m == pytest.approx(np.hypot(0.002, 0.001))
    far = Pivot(np.array([0.02, 0, 0.1]), np.zeros(3), np.zeros(6))
    with pytest.raises(
        DreamitateError, match=r"20.0 mm from where the drawing has it .*\[20.0, 0.0, 0.0\] mm"
    ):
        moved_to(mount, far)
    with pytest.raises(DreamitateError, match="needs 'tip_mm'"):
        moved_to(Mount(np.eye(4)), near)


@pytest.mark.parametrize(
    "text",
    [
        "steps: []",
        "steps: [{move_mm: [1, 2]}]",
        "steps: [{turn_deg: 45}]",
        "steps: [{turn_deg: 45, about: w}]",
        "steps: [{turn_deg: much, about: x}]",
        "steps: [{move_mm: [1, 2, 3], turn_deg: 5, about: x}]",
    ],
)
def test_a_drawing_that_cannot_be_read_is_one_clear_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(DreamitateError) as caught:
        read_mount(drawing(tmp_path, text))
    assert caught.value.code == ErrorCode.INVALID_TOOL
    assert "mount.yaml" in caught.value.message


def test_the_command_prints_what_belongs_into_tool_yaml(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import argparse

    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert main(parser.parse_args(["--mount", str(drawing(tmp_path, BLOCK))])) == 0
    assert yaml.safe_load(capsys.readouterr().out)["flange_from_tool"][3] == [0, 0, 0, 1]

"""What is printed: closed, to scale, where tool.yaml has it, and screwed where a UR's flange has its threads."""

from pathlib import Path

import numpy as np
import pytest
import trimesh

from dreamitate_ros.cli import main
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.bracket import PLATE_M, PLATE_RADIUS_M, bracket
from dreamitate_ros.fabricate.files import named_tool
from dreamitate_ros.fabricate.mount import mount, on_flange
from dreamitate_ros.fabricate.pattern import INCH_M, MARGIN_M, draw_pattern
from dreamitate_ros.fabricate.solid import solid
from dreamitate_ros.geometry import apply
from dreamitate_ros.simulate.block_tools import LENGTH_M
from dreamitate_ros.tool import load_tool

TOOLS = sorted(path.name for path in (config_directory() / "tools").iterdir() if path.is_dir())


@pytest.mark.parametrize("name", TOOLS)
def test_every_tool_prints_as_one_closed_piece_that_holds_the_tool_where_it_is_said_to_be(name: str) -> None:
    tool = named_tool(name)
    piece = on_flange(tool)
    assert piece.is_volume
    assert len(piece.split()) == 1
    assert piece.bounds[0, 2] == pytest.approx(0.0, abs=1e-6)
    assert piece.volume > solid(tool).volume
    corners = apply(tool.flange_from_tool, tool.mesh.vertices)
    assert (corners >= piece.bounds[0] - 1e-5).all()
    assert (corners <= piece.bounds[1] + 1e-5).all()


@pytest.mark.parametrize("name", ["block_left", "spoon"])
def test_the_plate_has_the_flanges_holes(name: str) -> None:
    plate = mount(bracket(named_tool(name)))
    slice_at = plate.section(plane_origin=[0, 0, 0.002], plane_normal=[0, 0, 1])
    assert slice_at is not None
    loops = [np.asarray(loop)[:-1] for loop in slice_at.discrete]
    radii = {
        tuple(np.round(loop.mean(axis=0)[:2] * 1e3, 1) + 0.0): 1e3
        * np.linalg.norm(loop - loop.mean(axis=0), axis=1).mean()
        for loop in loops
    }
    bolts = [(17.7, 17.7), (-17.7, 17.7), (-17.7, -17.7), (17.7, -17.7)]
    assert set(radii) == {(0.0, 0.0), (0.0, -25.0), *bolts}
    assert radii[0.0, 0.0] == pytest.approx(1e3 * PLATE_RADIUS_M, abs=0.1)
    assert all(radii[bolt] == pytest.approx(3.2, abs=0.1) for bolt in bolts)


def test_a_key_reaches_every_screw() -> None:
    """A stem that leans over a screw has a way cut through it."""
    plate = mount(bracket(named_tool("spoon")))
    heads = 0.025 * np.array([[np.cos(angle), np.sin(angle), 0] for angle in np.deg2rad([45, 135, 225, 315])])
    for height_m in (0.007, PLATE_M + 0.01, 0.05):
        assert not plate.contains(heads + [0, 0, height_m]).any()


def test_the_bracket_ends_in_the_tool() -> None:
    tool = named_tool("pusher")
    np.testing.assert_allclose(bracket(tool).end_m, [0.0, 0.0, 0.05], atol=1e-6)  # its rod begins at 0.03


def test_the_pattern_is_as_large_as_on_the_tool() -> None:
    page = draw_pattern(named_tool("block_left"))
    assert page is not None
    assert page.get_size_inches()[0] * INCH_M == pytest.approx(LENGTH_M + 2 * MARGIN_M, rel=1e-3)
    assert draw_pattern(named_tool("spoon")) is None


def test_the_command_writes_millimetres(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["print-tool", "block_left", "--output", str(tmp_path / "prints")]) == 0
    names = {path.name for path in (tmp_path / "prints").iterdir()}
    assert names == {
        "block_left_mm.stl",
        "block_left_on_flange_mm.stl",
        "block_left.png",
        "block_left_pattern.pdf",
    }
    printed = trimesh.load(tmp_path / "prints" / "block_left_mm.stl")
    assert sorted(printed.extents) == pytest.approx([50.0, 86.0, 132.0], abs=0.01)
    assert printed.bounds[0, 2] == pytest.approx(0.0)
    assert "M6" in capsys.readouterr().out


def test_an_unknown_tool_is_answered_with_the_known_ones() -> None:
    with pytest.raises(DreamitateError, match="brush, pusher") as raised:
        named_tool("hammer")
    assert raised.value.code is ErrorCode.INVALID_TOOL


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "prints").write_text("a file")
    assert main(["print-tool", "brush", "--output", str(tmp_path / "prints")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_mesh_that_cannot_be_closed_is_refused(tmp_path: Path) -> None:
    sphere = trimesh.creation.icosphere(radius=0.03)
    holes = np.ones(len(sphere.faces), bool)
    holes[np.abs(sphere.triangles_center[:, 0]) < 0.004] = False
    band = trimesh.Trimesh(sphere.vertices, sphere.faces[~holes])  # open at both ends, and those are not flat
    crossed = trimesh.Trimesh(band.vertices, np.concatenate([band.faces, band.faces[:5]]))
    crossed.export(tmp_path / "tool.ply")
    with pytest.raises(DreamitateError, match="cannot be printed") as raised:
        solid(load_tool("band", tmp_path))
    assert raised.value.code is ErrorCode.INVALID_TOOL

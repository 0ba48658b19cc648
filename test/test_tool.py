"""Tools: meshes in metres, and clear words for those that are not."""

from pathlib import Path

import numpy as np
import pytest
import trimesh

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.tool import load_tool


def refusal(directory: Path) -> str:
    with pytest.raises(DreamitateError) as caught:
        load_tool("left", directory)
    assert caught.value.code == ErrorCode.INVALID_TOOL
    return caught.value.message


@pytest.mark.parametrize("suffix", ["obj", "ply", "stl", "glb"])
def test_reads_every_mesh_format(tmp_path: Path, suffix: str) -> None:
    trimesh.creation.box((0.1, 0.05, 0.02)).export(tmp_path / f"tool.{suffix}")
    tool = load_tool("left", tmp_path)
    np.testing.assert_allclose(sorted(np.ptp(tool.mesh.vertices, axis=0)), [0.02, 0.05, 0.1], atol=1e-6)
    np.testing.assert_array_equal(tool.flange_from_tool, np.eye(4))


def test_a_mesh_in_millimetres_is_refused(tmp_path: Path) -> None:
    trimesh.creation.box((100, 50, 20)).export(tmp_path / "tool.ply")
    assert "millimetres" in refusal(tmp_path)


def test_missing_broken_and_empty_meshes_are_refused(tmp_path: Path) -> None:
    assert "no tool mesh" in refusal(tmp_path)
    (tmp_path / "tool.obj").write_text("v 0 0 0\n")
    refusal(tmp_path)


def test_a_skewed_mount_is_refused(tmp_path: Path) -> None:
    trimesh.creation.box((0.1, 0.05, 0.02)).export(tmp_path / "tool.ply")
    (tmp_path / "tool.yaml").write_text(f"flange_from_tool: {np.diag([2.0, 1, 1, 1]).tolist()}")
    assert "flange_from_tool" in refusal(tmp_path)


MOUNT = f"flange_from_tool: {np.eye(4).tolist()}\n"


def test_a_mesh_without_colours_takes_the_declared_one(tmp_path: Path) -> None:
    trimesh.creation.box((0.1, 0.05, 0.02)).export(tmp_path / "tool.stl")
    assert not load_tool("left", tmp_path).mesh.visual.defined
    (tmp_path / "tool.yaml").write_text(MOUNT + "color: [1.0, 0.5, 0.0]")
    colors = load_tool("left", tmp_path).mesh.visual.vertex_colors
    assert (colors == [255, 128, 0, 255]).all()


def test_a_mesh_keeps_its_own_colours(tmp_path: Path) -> None:
    mesh = trimesh.creation.box((0.1, 0.05, 0.02))
    mesh.visual.vertex_colors = np.tile([10, 20, 30, 255], (len(mesh.vertices), 1))
    mesh.export(tmp_path / "tool.ply")
    (tmp_path / "tool.yaml").write_text(MOUNT + "color: [1.0, 0.5, 0.0]")
    assert (load_tool("left", tmp_path).mesh.visual.vertex_colors == [10, 20, 30, 255]).all()


@pytest.mark.parametrize("color", ["[255, 128, 0]", "[1.0, 0.5]", "orange"])
def test_a_colour_that_is_none_is_refused(tmp_path: Path, color: str) -> None:
    trimesh.creation.box((0.1, 0.05, 0.02)).export(tmp_path / "tool.stl")
    (tmp_path / "tool.yaml").write_text(MOUNT + f"color: {color}")
    assert "'color'" in refusal(tmp_path)

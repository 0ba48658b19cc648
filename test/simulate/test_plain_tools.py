import numpy as np
import pytest
import trimesh
from scipy.spatial import KDTree

from dreamitate_ros.geometry import inverse
from dreamitate_ros.simulate.plain_tools import BOWL_OUTSIDE_M, TOOLS, WALL_M, write
from dreamitate_ros.simulate.tasks.scoop_expert import LEVEL_RAD
from dreamitate_ros.tool import load_tool

from .conftest import CONFIG

SPOON_M, PUSHER_M = (0.260, 0.064, 0.020), (0.044, 0.044, 0.200)
SIZES_M = {
    "spoon": SPOON_M,
    "banded_spoon": SPOON_M,
    "brush": (0.174, 0.100, 0.026),
    "pusher": PUSHER_M,
    "banded_pusher": PUSHER_M,
}
BANDS = {(217, 26, 140), (13, 140, 140)}
COLOURS = {
    "spoon": {(13, 140, 140)},
    "banded_spoon": BANDS,
    "banded_pusher": BANDS,
    "brush": {(191, 31, 26), (217, 204, 158)},
    "pusher": {(242, 115, 13)},
}
LEVEL = (-np.sin(LEVEL_RAD), 0, np.cos(LEVEL_RAD))
UP_AT_WORK = {  # tool frame
    "spoon": LEVEL,
    "banded_spoon": LEVEL,
    "brush": (-1, 0, 0),
    "pusher": (0, 0, 1),
    "banded_pusher": (0, 0, 1),
}
ROUND = ((0, 0, 1), 2 * np.pi / 48)
TURNS = {"brush": ((1, 0, 0), np.pi), "pusher": ROUND, "banded_pusher": ROUND}


@pytest.fixture(params=TOOLS)
def tool(request):
    return load_tool(request.param, CONFIG / "tools" / request.param)


def rgb(mesh):
    return mesh.visual.vertex_colors[:, :3]


def test_the_committed_meshes_are_what_the_code_draws(tmp_path):
    for name, draw in TOOLS.items():
        write(draw(), tmp_path / "tool.ply")
        assert (tmp_path / "tool.ply").read_text() == (CONFIG / "tools" / name / "tool.ply").read_text()


def test_the_meshes_are_closed_solids_of_the_declared_size_and_colours(tool):
    mesh = tool.mesh
    assert mesh.is_watertight
    assert len(mesh.faces) < 2000
    assert all(part.volume > 0 for part in mesh.split())
    np.testing.assert_allclose(np.ptp(mesh.vertices, axis=0), SIZES_M[tool.name], atol=1e-6)
    assert {tuple(int(value) for value in colour) for colour in rgb(mesh)} == COLOURS[tool.name]


def test_the_frames_lie_at_the_working_parts():
    bounds = {name: draw().bounds for name, draw in TOOLS.items()}
    np.testing.assert_allclose(bounds["spoon"][1], [0.038, 0.032, 0.0], atol=1e-9)
    assert bounds["brush"][1][0] == 0
    assert bounds["pusher"][0][2] == 0
    for low, high in bounds.values():
        np.testing.assert_allclose(low[1], -high[1], atol=1e-9)


def test_the_spoon_is_hollow_and_its_handle_ends_inside_the_wall():
    bowl, handle = sorted(TOOLS["spoon"]().split(), key=lambda part: part.bounds[0][0], reverse=True)
    underneath = np.abs(bowl.vertices[:, :2]).max(axis=1) < 1e-9
    np.testing.assert_allclose(np.sort(bowl.vertices[underneath, 2]), [-0.020, -0.018])
    joint = handle.vertices[handle.vertices[:, 0] > -0.037]
    assert len(joint) == 5
    outside, inside = (
        np.linalg.norm(joint / size, axis=1) for size in (BOWL_OUTSIDE_M, BOWL_OUTSIDE_M - WALL_M)
    )
    assert (outside < 1).all()
    assert (inside > 1).all()


@pytest.mark.parametrize("name", TURNS)
def test_the_declared_turns_map_the_mesh_onto_itself(name):
    tool = load_tool(name, CONFIG / "tools" / name)
    axis, angle = TURNS[name]
    assert tool.symmetry is not None
    np.testing.assert_array_equal(tool.symmetry.axis, axis)
    assert tool.symmetry.order == (2 if name == "brush" else None)
    turned = trimesh.transform_points(tool.mesh.vertices, tool.symmetry.turn(angle))
    before, after = (np.column_stack([points, rgb(tool.mesh)]) for points in (tool.mesh.vertices, turned))
    assert KDTree(before).query(after)[0].max() < 2e-6


@pytest.mark.parametrize("name", ["spoon", "banded_spoon"])
def test_only_the_brush_and_the_pushers_are_symmetric(name):
    assert load_tool(name, CONFIG / "tools" / name).symmetry is None


def test_the_mounts_keep_the_flange_well_above_the_table_and_pointing_down(tool):
    tool_from_flange = inverse(tool.flange_from_tool)
    up = np.array(UP_AT_WORK[tool.name], float)
    height_m = up @ tool_from_flange[:3, 3] - (tool.mesh.vertices @ up).min()
    assert height_m > 0.10
    assert up @ tool_from_flange[:3, 2] < -0.5
    assert KDTree(tool.mesh.vertices).query(tool_from_flange[:3, 3])[0] > 0.02

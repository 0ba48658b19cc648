from dataclasses import replace

import mujoco
import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from dreamitate_ros.simulate.block_tools import write_textured
from dreamitate_ros.simulate.bold_tools import CUBOIDS, TOOLS, build, shape_block
from dreamitate_ros.tool import load_tool
from dreamitate_ros.track.appearance import appearance_of

from .conftest import CONFIG


@pytest.fixture(params=TOOLS)
def tool(request):
    return load_tool(request.param, CONFIG / "tools" / request.param)


def block_of(tool):
    """Of the mesh: its last 24 corners."""
    keep = (tool.mesh.faces >= len(tool.mesh.vertices) - 24).all(axis=1)
    return trimesh.Trimesh(tool.mesh.vertices, tool.mesh.faces[keep])


def test_the_committed_meshes_are_what_the_code_draws(tmp_path):
    for name, bold in TOOLS.items():
        write_textured(*build(bold), tmp_path / name)
        for file in ("tool.obj", "tool.mtl"):
            assert (tmp_path / name / file).read_text() == (CONFIG / "tools" / name / file).read_text()


def test_the_block_is_a_closed_solid_at_its_place(tool):
    block, declared = block_of(tool), TOOLS[tool.name].block
    assert block.is_watertight
    assert block.volume == pytest.approx(np.prod(declared.size_m), rel=1e-3)
    np.testing.assert_allclose(block.bounds.mean(axis=0), declared.middle_m, atol=1e-6)


def test_each_place_of_the_block_has_the_colour_of_its_cuboid(tool):
    paint, block = appearance_of(tool).paint, TOOLS[tool.name].block
    points, faces = trimesh.sample.sample_surface(tool.mesh, 3000, seed=1)
    weights = trimesh.triangles.points_to_barycentric(tool.mesh.triangles[faces], points)
    shown = 255 * paint.color(np.asarray(faces), weights[:, 1], weights[:, 2], 0.0)
    place = (points - block.middle_m) / block.size_m
    on_block = faces >= len(tool.mesh.faces) - 12
    across = np.sort(np.abs(place), axis=1)[:, :2]  # a texel away from where colours meet
    clear = on_block & (across > 0.02).all(axis=1) & (across < 0.48).all(axis=1)
    assert clear.sum() > 500
    x, y, z = (place[clear] > 0).astype(int).T
    np.testing.assert_allclose(shown[clear], CUBOIDS[x, y, z], atol=2)


def test_no_turn_of_the_block_looks_like_another():
    turns = [np.rint(turn) for turn in Rotation.create_group("O").as_matrix()]
    ends = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1], indexing="ij")).reshape(3, -1).T
    colours = CUBOIDS.reshape(-1, 3)
    for turn in turns:
        turned = (ends @ turn.T + 1) // 2
        moved = CUBOIDS[tuple(np.rint(turned).astype(int).T)]
        if not np.array_equal(turn, np.eye(3)):
            assert (moved != colours).any(axis=1).sum() >= 2


def test_only_a_bold_tool_gets_a_solid_block(tool):
    spec = mujoco.MjSpec()
    spec.worldbody.add_body(name="right_tool").add_geom(size=[0.01, 0, 0])
    shape_block(spec, "right", replace(tool, mesh_path=CONFIG / "tools" / "brush" / "tool.ply"))
    assert len(spec.geoms) == 1
    shape_block(spec, "right", tool)
    np.testing.assert_allclose(2 * spec.geoms[-1].size, TOOLS[tool.name].block.size_m)


def test_a_block_shows_every_turn(tool):
    assert tool.symmetry is None

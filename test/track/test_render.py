"""Rendering against an analytic drawing."""

from pathlib import Path

import numpy as np
import pytest
import trimesh

from dreamitate_ros.geometry import apply, project
from dreamitate_ros.tool import Tool
from dreamitate_ros.track.appearance import appearance_of
from dreamitate_ros.track.render import render


@pytest.fixture(scope="module")
def plate(plates):
    return appearance_of(plates[0])


def test_rendering_agrees_with_the_homography(plate, plates, rig, place, draw):
    pose = place(0.02, 0.03, 30, 20)
    image = draw(rig.top, pose, plates[0])
    drawn = render(plate, rig.top, pose)
    height, width = drawn.mask.shape
    seen = image[drawn.y : drawn.y + height, drawn.x : drawn.x + width].astype(np.float32) / 255
    inner = drawn.mask & (seen.max(axis=2) > 0.1)
    assert inner.mean() > 0.3
    assert np.corrcoef(drawn.color[inner].ravel(), seen[inner].ravel())[0, 1] > 0.97


def test_rendered_points_project_onto_their_pixels(plate, rig, place):
    pose = place(-0.05, 0.0, 70, 15)
    drawn = render(plate, rig.top, pose)
    rows, columns = np.nonzero(drawn.mask)
    pixels = project(rig.top, apply(pose, drawn.points[rows, columns]))
    assert np.abs(pixels - np.stack([columns + drawn.x, rows + drawn.y], axis=1)).max() < 1e-2
    points = drawn.points[rows, columns]
    assert np.abs(points[:, 2]).max() < 1e-6
    assert np.abs(points[:, 0]).max() < 0.065 + 1e-6
    assert np.abs(points[:, 1]).max() < 0.04 + 1e-6


def test_tool_outside_the_image_is_not_drawn(plate, rig, place):
    assert render(plate, rig.top, place(1.5, 0.0, 0)) is None
    behind = place(0.0, 0.0, 0)
    behind[2, 3] = -0.5
    assert render(plate, rig.top, behind) is None


def test_what_is_nearer_hides_what_is_behind(rig):
    """A box seen from in front: only its front face is met, though its back has as many triangles."""
    box = trimesh.creation.box((0.06, 0.04, 0.05))
    appearance = appearance_of(Tool("box", box, np.eye(4), Path("box/tool.obj")))
    pose = np.eye(4)
    pose[2, 3] = 0.6
    drawn = render(appearance, rig.top, pose)
    assert np.allclose(drawn.points[drawn.mask][:, 2], -0.025, atol=1e-6)
    width_px = 0.06 / 0.575 * rig.top.K[0, 0]
    assert drawn.mask.any(axis=0).sum() == pytest.approx(width_px, abs=1.5)


def test_corner_colours_are_drawn_where_there_is_no_texture(rig):
    box = trimesh.creation.box((0.06, 0.04, 0.05))
    box.visual = trimesh.visual.ColorVisuals(box, vertex_colors=np.tile([255, 128, 0, 255], (8, 1)))
    appearance = appearance_of(Tool("box", box, np.eye(4), Path("box/tool.obj")))
    assert not appearance.textured
    pose = np.eye(4)
    pose[2, 3] = 0.6
    drawn = render(appearance, rig.top, pose)
    assert np.allclose(drawn.color[drawn.mask], [1.0, 128 / 255, 0.0], atol=1e-6)

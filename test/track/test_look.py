"""Judging a pose by what a view shows."""

from pathlib import Path

import numpy as np
import pytest
import trimesh
from trimesh.transformations import translation_matrix

from dreamitate_ros.tool import Tool
from dreamitate_ros.track.appearance import appearance_of
from dreamitate_ros.track.look import UNSEEN, look
from dreamitate_ros.track.pyramid import pyramid
from dreamitate_ros.track.render import render


@pytest.fixture(scope="module")
def plate(plates):
    return appearance_of(plates[0])


@pytest.fixture(scope="module")
def truth(place):
    return place(0.02, 0.0, 25.0)


@pytest.fixture(scope="module")
def picture(plate, plates, rig, truth, draw):
    drawn = render(plate, rig.top, truth)
    likeness, known = np.zeros((rig.top.height, rig.top.width)), np.ones((rig.top.height, rig.top.width))
    height, width = drawn.mask.shape
    likeness[drawn.y : drawn.y + height, drawn.x : drawn.x + width] = drawn.mask
    return np.dstack([draw(rig.top, truth, plates[0]) / 255.0, likeness, known]).astype(np.float32)


def judged(plate, rig, picture, pose):
    return look(plate, pyramid(rig.top, picture, 1)[0], pose)


def test_the_true_pose_agrees(plate, rig, picture, truth):
    seen = judged(plate, rig, picture, truth)
    assert seen.agreement > 0.9
    assert seen.silhouette > 0.85
    assert seen.visible > 0.9
    assert seen.inside == 1.0


def test_a_pose_beside_it_agrees_less(plate, rig, picture, truth):
    beside = truth.copy()
    beside[0, 3] += 0.02
    seen = judged(plate, rig, picture, beside)
    assert seen.agreement < 0.6
    assert seen.silhouette < 0.8


def test_what_a_hand_hides_is_not_held_against_it_but_counts_as_unseen(plate, rig, picture, truth):
    covered = picture.copy()
    columns = np.flatnonzero(picture[..., 3].any(axis=0))
    left = slice(columns[0], (columns[0] + columns[-1]) // 2)
    covered[:, left] = (0.8, 0.6, 0.5, 0.0, 0.0)
    seen = judged(plate, rig, covered, truth)
    assert seen.agreement > 0.9
    assert 0.3 < seen.visible < 0.7


def test_a_tool_outside_the_image_is_unseen(plate, rig, picture, truth):
    outside = truth.copy()
    outside[0, 3] += 2.0
    assert judged(plate, rig, picture, outside) == UNSEEN


@pytest.fixture(scope="module")
def brush():
    """A plain solid of two colours: red behind, cream in front."""
    parts = []
    for x_m, color in ((-0.03, (200, 20, 20)), (0.03, (230, 220, 180))):
        part = trimesh.creation.box((0.06, 0.04, 0.02), transform=translation_matrix((x_m, 0, 0)))
        part.visual.vertex_colors = np.tile([*color, 255], (len(part.vertices), 1))
        parts.append(part)
    return appearance_of(Tool("brush", trimesh.util.concatenate(parts), np.eye(4), Path("brush/tool.ply")))


def test_colours_in_the_wrong_places_tell_a_tool_turned_round(brush, rig, truth):
    drawn = render(brush, rig.top, truth)
    picture = np.zeros((rig.top.height, rig.top.width, 5), np.float32)
    window = picture[drawn.y : drawn.y + drawn.mask.shape[0], drawn.x : drawn.x + drawn.mask.shape[1]]
    window[..., :3], window[..., 3] = (
        0.7 * drawn.color + [0.02, 0.0, 0.05] * drawn.mask[..., None],
        drawn.mask,
    )
    picture[..., 4] = 1.0
    turned = truth @ np.diag([-1.0, -1.0, 1.0, 1.0])
    right, wrong = (judged(brush, rig, picture, pose) for pose in (truth, turned))
    assert right.silhouette == pytest.approx(wrong.silhouette, abs=0.02)
    assert right.agreement > 0.8 * right.silhouette
    assert wrong.agreement < 0.4 * wrong.silhouette

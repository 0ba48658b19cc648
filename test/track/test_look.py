"""Judging a pose by what a view shows."""

import numpy as np
import pytest

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

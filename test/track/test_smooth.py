"""All times together: gaps are bridged, real motion is not flattened, what is unseen is uncertain."""

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh

from dreamitate_ros.geometry import apply, inverse, transform
from dreamitate_ros.tool import Symmetry, Tool
from dreamitate_ros.track.appearance import appearance_of
from dreamitate_ros.track.joint import Pose, views_from_top
from dreamitate_ros.track.pyramid import pyramid
from dreamitate_ros.track.render import render
from dreamitate_ros.track.smooth import Sight, smooth

TIMES, STEP_S = 8, 1 / 6


@pytest.fixture(scope="module")
def wedge():
    ramp = trimesh.convex.convex_hull(
        [[0, -0.04, 0], [0, 0.04, 0], [0.07, -0.02, 0], [0.07, 0.03, 0], [0, -0.03, 0.03], [0, 0.02, 0.04]]
    )
    return appearance_of(Tool("wedge", ramp, np.eye(4), Path("wedge/tool.obj")))


@pytest.fixture(scope="module")
def motion(place):
    """Faster and faster, with a sharp turn: what a smoother likes to flatten."""
    return np.stack([place(-0.1 + 0.004 * t**2, 0.02 + 0.01 * abs(t - 4), 8 * t) for t in range(TIMES)])


def sight(appearance, rig, top_from_tool) -> Sight:
    views = []
    for camera, view_from_top in zip((rig.top, rig.side), views_from_top(rig), strict=True):
        mask = np.zeros((camera.height, camera.width), np.float32)
        drawn = render(appearance, camera, view_from_top @ top_from_tool)
        mask[drawn.y : drawn.y + drawn.mask.shape[0], drawn.x : drawn.x + drawn.mask.shape[1]] = drawn.mask
        picture = np.dstack(
            [np.zeros((*mask.shape, 3), np.float32), cv2.GaussianBlur(mask, (0, 0), 0.5), np.ones_like(mask)]
        )
        views.append(pyramid(camera, picture, 1)[0])
    return Sight(Pose(top_from_tool, np.zeros((2, 6))), (views[0], views[1]))


def test_real_motion_is_not_flattened_and_a_gap_is_bridged(wedge, rig, motion):
    sights = [None if time in (0, 5) else sight(wedge, rig, motion[time]) for time in range(TIMES)]
    path = smooth(wedge, rig, sights, STEP_S)
    for time in (1, 2, 3, 4, 6, 7):
        assert path.poses[time] is not None
        corner = apply(inverse(motion[time]) @ path.poses[time].top_from_tool, np.zeros((1, 3)))
        assert np.linalg.norm(corner) < 1.5e-3, time
    bridged = path.poses[5]
    assert bridged is not None
    assert np.linalg.norm((bridged.top_from_tool - motion[5])[:3, 3]) < 0.02
    assert path.sigma[5, :3].max() > 2 * path.sigma[4, :3].max()


def test_the_photo_and_what_is_far_from_any_sighting_have_no_pose(wedge, rig, motion):
    sights = [sight(wedge, rig, motion[time]) if time in (3, 4, 5) else None for time in range(TIMES)]
    path = smooth(wedge, rig, sights, STEP_S)
    assert [pose is not None for pose in path.poses] == [False, False, True, True, True, True, True, False]


def test_nothing_seen_gives_nothing(wedge, rig):
    path = smooth(wedge, rig, [None] * TIMES, STEP_S)
    assert path.poses == [None] * TIMES
    assert np.isnan(path.sigma).all()


def test_a_symmetric_tool_does_not_leap_between_equal_poses(rig, place):
    axis = Symmetry(np.array([0.0, 0.0, 1.0]), np.zeros(3), 2)
    bar = trimesh.creation.box((0.12, 0.03, 0.02))
    appearance = appearance_of(Tool("bar", bar, np.eye(4), Path("bar/tool.obj"), axis))
    poses = [place(-0.02 + 0.01 * t, 0.02, 5 * t) @ axis.turn(np.pi * (t % 2)) for t in range(5)]
    path = smooth(appearance, rig, [None, *(sight(appearance, rig, pose) for pose in poses[1:])], STEP_S)
    found = [pose.top_from_tool for pose in path.poses[1:] if pose is not None]
    turns = [
        np.arccos(np.clip((np.trace((inverse(a) @ b)[:3, :3]) - 1) / 2, -1, 1)) for a, b in pairwise(found)
    ]
    assert len(found) == 4
    assert np.degrees(max(turns)) < 10


def test_disagreement_is_measured(wedge, rig, motion):
    """Each view shows the tool 3 mm to its own side: the residual says so, and the poses are in between."""
    aside = transform(np.eye(3), np.array([0.003, 0.0, 0.0]))
    sights = []
    for time in range(1, 6):
        top, side = sight(wedge, rig, aside @ motion[time]), sight(wedge, rig, inverse(aside) @ motion[time])
        sights.append(Sight(Pose(motion[time], np.zeros((2, 6))), (top.views[0], side.views[1])))
    path = smooth(wedge, rig, [None, *sights], STEP_S)
    expected_rad = 0.003 / motion[3][2, 3]
    assert path.apart_rad[0] == pytest.approx(1.5 * expected_rad, rel=0.5)
    middle = path.poses[3]
    assert middle is not None
    found, expected = (apply(pose, wedge.center_m[None])[0] for pose in (middle.top_from_tool, motion[3]))
    assert np.linalg.norm(found - expected) < 1.5e-3

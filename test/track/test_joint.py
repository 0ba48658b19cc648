"""One pose from two views: textured and plain tools, views that disagree, a hand in front."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from dreamitate_ros.geometry import angle_rad, apply, inverse, project, transform
from dreamitate_ros.tool import Tool
from dreamitate_ros.track.appearance import appearance_of
from dreamitate_ros.track.joint import Pose, combine, refine, views_from_top
from dreamitate_ros.track.look import look
from dreamitate_ros.track.pyramid import pyramid
from dreamitate_ros.track.render import render
from dreamitate_ros.track.twist import perturb

TIGHT, LOOSE = (0.002, 0.002), (0.01, 0.01)
OFF = np.array([0.006, -0.005, 0.008, 0.08, -0.06, 0.1])


@pytest.fixture(scope="module")
def plate(plates):
    return appearance_of(plates[0])


@pytest.fixture(scope="module")
def wedge():
    """A plain solid without colours or symmetry: a ramp with a handle."""
    ramp = trimesh.convex.convex_hull([
        [0, -0.04, 0], [0, 0.04, 0], [0.07, -0.02, 0], [0.07, 0.03, 0], [0, -0.03, 0.03], [0, 0.02, 0.04]
    ])  # fmt: skip
    handle = trimesh.creation.box(
        (0.10, 0.018, 0.012), transform=trimesh.transformations.translation_matrix((-0.05, 0, 0.01))
    )
    return appearance_of(
        Tool("wedge", trimesh.util.concatenate([ramp, handle]), np.eye(4), Path("wedge/tool.obj"))
    )


def seen(appearance, rig, poses, colors=None, hand=None):
    """Pyramids of both views of a tool at poses (2, 4, 4), one as each view shows it; hand: a hidden rectangle."""
    result = []
    for camera, view_from_top, pose in zip((rig.top, rig.side), views_from_top(rig), poses, strict=True):
        mask = np.zeros((4 * camera.height, 4 * camera.width), np.float32)
        large = type(camera)(
            np.diag([4, 4, 1]) @ camera.K + [[0, 0, 1.5], [0, 0, 1.5], [0, 0, 0]],
            mask.shape[1],
            mask.shape[0],
        )
        drawn = render(appearance, large, view_from_top @ pose)
        height, width = drawn.mask.shape
        mask[drawn.y : drawn.y + height, drawn.x : drawn.x + width] = drawn.mask
        likeness = cv2.resize(mask, (camera.width, camera.height), interpolation=cv2.INTER_AREA)
        known = np.ones_like(likeness)
        if hand is not None:
            likeness[hand], known[hand] = 0.0, 0.0
        image = (
            np.zeros((*likeness.shape, 3), np.float32)
            if colors is None
            else colors(camera, view_from_top @ pose)
        )
        result.append(pyramid(camera, np.dstack([image, likeness, known]), 2))
    return list(zip(*result, strict=True))


def descend(appearance, rig, levels, start, apart_rad):
    pose = Pose(start, np.zeros((2, 6)))
    for views in reversed(levels):
        pose = refine(appearance, rig, views, pose, apart_rad)
    return pose


def error(pose, truth):
    between = inverse(truth) @ pose.top_from_tool
    return 1e3 * np.linalg.norm(between[:3, 3]), np.degrees(angle_rad(between))


def test_a_textured_plate_is_found_again(plate, plates, rig, place, draw):
    truth = place(0.03, 0.02, -20, 12)
    levels = seen(
        plate, rig, [truth] * 2, lambda camera, pose: draw(camera, pose, plates[0]).astype(np.float32) / 255
    )
    pose = descend(plate, rig, levels, perturb(truth, plate.center_m, OFF), TIGHT)
    mm, deg = error(pose, truth)
    assert mm < 0.5
    assert deg < 0.4
    assert look(plate, levels[0][0], pose.in_view(rig, plate.center_m, 0)).agreement > 0.95


def test_a_mirrored_plate_does_not_agree(plates, rig, place, draw):
    pose = place(0.0, 0.0, 10)
    other = appearance_of(plates[1])
    levels = seen(
        other, rig, [pose] * 2, lambda camera, view: draw(camera, view, plates[0]).astype(np.float32) / 255
    )
    assert look(other, levels[0][0], pose).agreement < 0.6


def test_a_plain_solid_is_found_again_by_its_outline(wedge, rig, place):
    truth = place(0.02, 0.01, 30, 10)
    levels = seen(wedge, rig, [truth] * 2)
    mm, deg = error(descend(wedge, rig, levels, perturb(truth, wedge.center_m, OFF), TIGHT), truth)
    assert mm < 0.7
    assert deg < 1.0


def test_what_a_hand_hides_does_not_pull(wedge, rig, place):
    truth = place(0.02, 0.01, 90, 10)
    pixel = project(rig.top, apply(truth, np.array([[-0.08, 0, 0.01]])))[0].astype(int)
    hand = (slice(max(0, pixel[1] - 14), pixel[1] + 14), slice(pixel[0] - 14, pixel[0] + 14))
    levels = seen(wedge, rig, [truth] * 2, hand=hand)
    mm, deg = error(descend(wedge, rig, levels, perturb(truth, wedge.center_m, 0.7 * OFF), TIGHT), truth)
    assert mm < 1.0
    assert deg < 1.5


def test_views_that_disagree_are_explained_by_the_pose_between_them(wedge, rig, place):
    """Each view shows the tool 4 mm off, to opposite sides: the pose is in the middle, and each own motion says so."""
    truth = place(0.0, 0.02, 15)
    shift = transform(np.eye(3), np.array([0.004, 0.0, 0.0]))
    levels = seen(wedge, rig, [shift @ truth, inverse(shift) @ truth])
    pose = descend(wedge, rig, levels, truth, LOOSE)
    assert error(pose, truth)[0] < 1.0
    assert pose.own[0, 0] == pytest.approx(0.004, abs=0.0012)
    assert pose.own[1, 0] == pytest.approx(-0.004, abs=0.0012)


def test_without_evidence_there_is_no_opinion(rig, place):
    both = combine(rig, (None, None), Pose(place(0, 0, 0), np.zeros((2, 6))), TIGHT)
    assert not both.curvature.any()
    assert not both.slope.any()


def test_symmetric_turns_are_left_alone(rig, place):
    """Nothing in the images says how far a rod is turned about itself: it stays as it was."""
    rod = appearance_of(
        Tool("rod", trimesh.creation.cylinder(0.01, 0.16, sections=48), np.eye(4), Path("rod/tool.obj"))
    )
    tilt = Rotation.from_euler("x", 60, degrees=True).as_matrix()
    truth = place(0.02, 0.02, 20) @ transform(tilt, np.zeros(3))
    start = perturb(truth, rod.center_m, np.array([0.004, -0.003, 0.004, 0.04, -0.03, 0.0]))
    pose = descend(rod, rig, seen(rod, rig, [truth] * 2), start, TIGHT)
    axis = np.degrees(np.arccos(np.clip(pose.top_from_tool[:3, 2] @ truth[:3, 2], -1, 1)))
    assert axis < 1.0
    assert np.linalg.norm((pose.top_from_tool - truth)[:3, 3]) < 2e-3

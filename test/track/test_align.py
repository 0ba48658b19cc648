"""Rendering against an analytic drawing, the Jacobian against finite differences, alignment and stereo fit."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dreamitate_ros.geometry import angle_rad, apply, inverse, project
from dreamitate_ros.track.align import align, perturb, pixel_jacobian
from dreamitate_ros.track.appearance import appearance_of
from dreamitate_ros.track.pyramid import pyramid
from dreamitate_ros.track.render import render
from dreamitate_ros.track.stereo import fit_both_views


@pytest.fixture(scope="module")
def plate(plates):
    return appearance_of(plates[0])


def test_rendering_agrees_with_the_homography(plate, plates, rig, place, draw):
    pose = place(0.02, 0.03, 30, 20)
    image = draw(rig.top, pose, plates[0])
    drawn = render(plate, rig.top, pose)
    seen = drawn.window(image.astype(np.float32) / 255)
    inner = drawn.mask & (seen.max(axis=2) > 0.1)
    assert inner.mean() > 0.3
    assert np.corrcoef(drawn.color[inner].ravel(), seen[inner].ravel())[0, 1] > 0.97


def test_rendered_points_project_onto_their_pixels(plate, rig, place):
    pose = place(-0.05, 0.0, 70, 15)
    drawn = render(plate, rig.top, pose)
    rows, columns = np.nonzero(drawn.mask)
    pixels = project(rig.top, apply(pose, drawn.points[rows, columns]))
    assert np.abs(pixels - np.stack([columns + drawn.x, rows + drawn.y], axis=1)).max() < 1e-6
    points = drawn.points[rows, columns]
    assert np.abs(points[:, 2]).max() < 1e-3  # at the outline, where pixels reach past the plate
    assert np.median(np.abs(points[:, 2])) < 1e-9
    assert np.abs(points[:, 0]).max() < 0.065 + 0.006
    assert np.abs(points[:, 1]).max() < 0.04 + 0.006


def test_tool_outside_the_image_is_not_drawn(plate, rig, place):
    assert render(plate, rig.top, place(1.5, 0.0, 0)) is None
    behind = place(0.0, 0.0, 0)
    behind[2, 3] = -0.5
    assert render(plate, rig.top, behind) is None


def test_jacobian_matches_finite_differences(rig):
    random = np.random.default_rng(3)
    points = random.uniform(-0.1, 0.1, (6, 3)) + [0, 0, 0.7]
    center = np.array([0.02, -0.01, 0.68])
    jacobian = pixel_jacobian(rig.top, points, center)
    for index, step in enumerate(np.eye(6) * 1e-6):
        moved = (points - center) @ Rotation.from_rotvec(step[3:]).as_matrix().T + center + step[:3]
        slope = (project(rig.top, moved) - project(rig.top, points)) / 1e-6
        assert np.allclose(jacobian[:, :, index], slope, rtol=1e-3, atol=1e-2)


def test_perturb_turns_about_the_given_centre(place):
    pose, center = place(0.1, 0.0, 40), np.array([0.03, 0.0, -0.02])
    turned = perturb(pose, center, np.array([0, 0, 0, 0.1, -0.2, 0.3]))
    assert np.allclose(apply(turned, center[None]), apply(pose, center[None]))
    assert angle_rad(inverse(pose) @ turned) == pytest.approx(np.linalg.norm([0.1, -0.2, 0.3]))


def test_alignment_recovers_a_disturbed_pose(plate, plates, rig, place, draw):
    truth = place(0.03, 0.02, -20, 12)
    levels = pyramid(rig.top, draw(rig.top, truth, plates[0]), 2)
    start = perturb(truth, plate.center_m, np.array([0.006, -0.005, 0.02, 0.08, -0.06, 0.1]))
    for level in reversed(levels):
        result = align(plate, level, start)
        start = result.camera_from_tool
    corners = np.array([[x, y, 0] for x in (-0.06, 0.06) for y in (-0.04, 0.04)])
    apart = project(rig.top, apply(start, corners)) - project(rig.top, apply(truth, corners))
    assert np.linalg.norm(apart, axis=1).max() < 0.3
    assert result.correlation > 0.95
    assert result.inside == 1.0


def test_mirrored_tool_does_not_correlate(plates, rig, place, draw):
    pose = place(0.0, 0.0, 10)
    level = pyramid(rig.top, draw(rig.top, pose, plates[0]), 1)[0]
    result = align(appearance_of(plates[1]), level, pose)
    assert result is None or result.correlation < 0.6


def test_stereo_fit_explains_views_that_disagree_about_depth(plate, plates, rig, place, draw):
    """Each view alone is 15 mm off in depth, the two in opposite ways; the pose between them explains both images."""
    truth = place(0.0, 0.02, 15)
    views = []
    for camera, camera_from_top, along_m in (
        (rig.top, np.eye(4), 0.015),
        (rig.side, rig.side_from_top, -0.015),
    ):
        pose = camera_from_top @ truth
        view = align(plate, pyramid(camera, draw(camera, pose, plates[0]), 1)[0], pose)
        scale = 1 + along_m / view.camera_from_tool[2, 3]
        wrong = view.camera_from_tool.copy()
        wrong[:3, 3] *= scale
        views.append(type(view)(wrong, view.correlation, view.inliers, view.inside, view.edges))
    fit = fit_both_views(plate, rig, *views)
    assert 1e3 * np.linalg.norm(fit.top_from_tool[:3, 3] - truth[:3, 3]) < 3.0
    assert (fit.residual_px < 2.0).all()

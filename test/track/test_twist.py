"""Small motions against finite differences."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dreamitate_ros.geometry import angle_rad, apply, inverse, project
from dreamitate_ros.track.twist import perturb, pixel_jacobian, turned


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
    moved = perturb(pose, center, np.array([0, 0, 0, 0.1, -0.2, 0.3]))
    assert np.allclose(apply(moved, center[None]), apply(pose, center[None]))
    assert angle_rad(inverse(pose) @ moved) == pytest.approx(np.linalg.norm([0.1, -0.2, 0.3]))


def test_a_twist_is_the_same_motion_in_another_cameras_axes(rig, place):
    pose, center, twist = place(0.05, 0.02, 20), np.zeros(3), np.array([0.01, -0.02, 0.005, 0.1, 0.05, -0.2])
    in_side = perturb(rig.side_from_top @ pose, center, turned(rig.side_from_top) @ twist)
    assert np.allclose(rig.side_from_top @ perturb(pose, center, twist), in_side)

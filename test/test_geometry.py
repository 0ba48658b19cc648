"""Rigid transforms and projection, against analytic cases."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dreamitate_ros.geometry import (
    angle_rad,
    apply,
    interpolate,
    inverse,
    is_rigid,
    project,
    transform,
)
from dreamitate_ros.values import Camera


def random_poses(count: int) -> np.ndarray:
    random = np.random.default_rng(7)
    return transform(Rotation.random(count, rng=random).as_matrix(), random.normal(size=(count, 3)))


def test_inverse_and_apply_agree() -> None:
    poses, points = random_poses(5), np.random.default_rng(1).normal(size=(5, 4, 3))
    np.testing.assert_allclose(apply(inverse(poses), apply(poses, points)), points, atol=1e-12)
    np.testing.assert_allclose(inverse(poses) @ poses, np.broadcast_to(np.eye(4), (5, 4, 4)), atol=1e-12)


def test_projects_along_the_optical_axis_and_not_behind() -> None:
    camera = Camera(np.array([[100.0, 0, 32], [0, 110, 24], [0, 0, 1]]), 64, 48)
    np.testing.assert_allclose(
        project(camera, np.array([[0, 0, 2.0], [0.2, -0.1, 1.0]])), [[32, 24], [52, 13]]
    )
    assert np.isnan(project(camera, np.array([0, 0, -1.0]))).all()


def test_angle_of_a_known_turn() -> None:
    turn = transform(Rotation.from_rotvec([0, 0, 0.3]).as_matrix(), np.zeros(3))
    assert angle_rad(turn) == pytest.approx(0.3)
    np.testing.assert_allclose(angle_rad(np.stack([turn, turn @ turn])), [0.3, 0.6])


def test_rigidity() -> None:
    assert is_rigid(np.eye(4))
    assert not is_rigid(np.diag([1.0, 1, -1, 1]))
    assert not is_rigid(np.full((4, 4), np.nan))


def test_interpolation_hits_its_poses_and_does_not_overshoot_a_stop() -> None:
    times_s = np.array([0.0, 1, 2, 3])
    shifts = np.array([[0.0, 0, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0]])
    turns = Rotation.from_rotvec([[0, 0, 0], [0, 0, 0.5], [0, 0, 0.5], [0, 0, 0.5]])
    poses = transform(turns.as_matrix(), shifts)
    np.testing.assert_allclose(interpolate(times_s, poses, times_s), poses, atol=1e-12)
    dense = interpolate(times_s, poses, np.linspace(0, 3, 61))
    assert dense[:, 0, 3].max() <= 1 + 1e-12
    assert angle_rad(dense[0].T @ dense[10])[()] == pytest.approx(0.25, abs=1e-9)

"""Sure poses are kept, doubtful ones give way, and the path has no jolts."""

import numpy as np
from scipy.spatial.transform import Rotation

from dreamitate_ros.execute.smooth_path import smooth_path
from dreamitate_ros.geometry import angle_rad, inverse, transform

TIMES_S = np.arange(13) / 6
FINE_S = np.linspace(0, 2, 401)


def poses(turns_rad=1.0):
    turn = Rotation.from_rotvec(np.outer(turns_rad * TIMES_S, [0, 0, 1]))
    places = np.column_stack([0.1 * np.sin(TIMES_S), 0.05 * TIMES_S, 0.6 + 0 * TIMES_S])
    return transform(turn.as_matrix(), places)


def distance_m(path, at, asked, index):
    return float(np.linalg.norm(path[np.abs(at - TIMES_S[index]).argmin(), :3, 3] - asked[index, :3, 3]))


def test_sure_poses_are_followed():
    asked = poses()
    path = smooth_path(TIMES_S, asked, np.zeros((13, 6)), np.ones(13), TIMES_S)
    assert np.linalg.norm(path[:, :3, 3] - asked[:, :3, 3], axis=1).max() < 5e-4
    assert angle_rad(inverse(asked) @ path).max() < np.deg2rad(0.3)


def test_a_doubtful_outlier_gives_way_and_a_sure_one_does_not():
    moved = poses()
    moved[6, 0, 3] += 0.03
    sure, unsure = np.zeros((13, 6)), np.zeros((13, 6))
    unsure[6] = 0.05
    kept = smooth_path(TIMES_S, moved, sure, np.ones(13), TIMES_S)
    ignored = smooth_path(TIMES_S, moved, unsure, np.ones(13), TIMES_S)
    doubted = smooth_path(TIMES_S, moved, sure, np.where(np.arange(13) == 6, 0.05, 1.0), TIMES_S)
    assert distance_m(kept, TIMES_S, moved, 6) < 0.003
    assert distance_m(ignored, TIMES_S, moved, 6) > 0.02
    assert distance_m(doubted, TIMES_S, moved, 6) > 0.01
    assert distance_m(ignored, TIMES_S, poses(), 6) < 0.003


def test_velocity_and_acceleration_are_continuous():
    path = smooth_path(TIMES_S, poses(), np.full((13, 6), 0.005), np.ones(13), FINE_S)
    velocity = np.gradient(path[:, :3, 3], FINE_S, axis=0)[2:-2]
    acceleration = np.gradient(velocity, FINE_S[2:-2], axis=0)[2:-2]
    assert np.abs(np.diff(velocity, axis=0)).max() < 0.01
    assert np.abs(np.diff(acceleration, axis=0)).max() < 0.05


def test_more_than_half_a_turn_is_followed_around():
    asked = poses(turns_rad=2.5)  # 286 deg in all
    path = smooth_path(TIMES_S, asked, np.zeros((13, 6)), np.ones(13), FINE_S)
    steps = angle_rad(inverse(path[:-1]) @ path[1:])
    assert steps.max() < 0.03
    assert steps.sum() == np.clip(steps.sum(), 4.9, 5.1)


def test_few_poses_are_joined():
    path = smooth_path(TIMES_S[:2], poses()[:2], np.zeros((2, 6)), np.ones(2), np.array([0.0, 1 / 6]))
    np.testing.assert_allclose(path, poses()[:2], atol=1e-9)

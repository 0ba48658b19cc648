"""Joints from somebody else: taken where they follow the path, refused where they end early or leave it."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.branches import joint_paths
from dreamitate_ros.execute.kinematics import flange_pose
from dreamitate_ros.execute.plan import plan
from dreamitate_ros.execute.solved_path import at_poses
from dreamitate_ros.execute.ur5e import HOME_RAD
from dreamitate_ros.geometry import interpolate

_SPEC = importlib.util.spec_from_file_location("scenes", Path(__file__).with_name("scenes.py"))
scenes = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(scenes)


class Solver:
    """Stands in for MoveIt: straight ways, and more joints along the path than were asked for."""

    def __init__(self, share=1.0, off_rad=0.0, failures=0):
        self.share, self.off_rad, self.failures, self.tries = share, off_rad, failures, 0

    def way_to(self, arm, start_rad, base_from_flange):
        times_s = np.array([0.0, 1.0])
        (path, *_) = joint_paths(arm, np.stack([base_from_flange] * 2), times_s, start_rad)
        return np.linspace(start_rad, path.joints_rad[0], 20)

    def way_back(self, arm, start_rad, end_rad):
        return np.linspace(start_rad, end_rad, 7)

    def follow(self, arm, start_rad, poses):
        self.tries += 1
        share = 0.4 if self.tries <= self.failures else self.share
        fine_s = np.sort(
            np.concatenate([np.linspace(0, 1, 3 * len(poses) + 1), np.linspace(0, 1, len(poses))])
        )
        dense = interpolate(np.linspace(0, 1, len(poses)), poses, fine_s)
        (path, *_) = joint_paths(arm, dense, np.linspace(0, 1, len(dense)), start_rad)
        return path.joints_rad + self.off_rad, share


@pytest.fixture(scope="module")
def cell():
    return scenes.cell()


def planned(cell, solver=None):
    rig, task, tools = cell
    return plan(scenes.tracks(rig), task, rig, tools, HOME_RAD, lambda *_: None, lambda: False, 0.0, solver)


def test_the_motion_follows_the_same_path_as_ours(cell):
    _, _, tools = cell
    for arm, trajectory in planned(cell, Solver()).items():
        path = trajectory.path
        joints = np.stack(
            [np.interp(path.times_s, trajectory.times_s, column) for column in trajectory.positions.T], axis=1
        )
        off = flange_pose(joints) @ tools[arm].flange_from_tool - path.base_from_tool
        assert np.abs(off[:, :3, 3]).max() < 0.002
        np.testing.assert_allclose(trajectory.positions[[0, -1]], [HOME_RAD[arm]] * 2, atol=1e-6)


def test_a_path_found_in_part_is_tried_again_and_then_refused_with_its_time(cell):
    assert planned(cell, Solver(failures=3))
    with pytest.raises(
        DreamitateError, match=r"the left arm reaches 40 % of its path only, up to 0\.90 s"
    ) as caught:
        planned(cell, Solver(share=0.4))
    assert caught.value.code == ErrorCode.UNREACHABLE


def test_joints_of_another_arm_are_refused(cell):
    with pytest.raises(DreamitateError, match="is its robot model that of this arm"):
        planned(cell, Solver(off_rad=0.05))


def test_joints_are_taken_where_the_poses_are_even_where_the_arm_waits():
    straight = interpolate(
        np.array([0.0, 1.0]),
        np.stack([flange_pose(HOME_RAD["left"]), flange_pose(HOME_RAD["left"] + [0.1, 0, 0, 0, 0, 0])]),
        np.array([0, 0, 0.2, 0.7, 0.7, 1.0]),
    )
    (path, *_) = joint_paths("left", straight, np.arange(6.0), HOME_RAD["left"])
    keep = np.array([0, 2, 3, 5])
    np.testing.assert_allclose(at_poses(path.joints_rad[keep], straight), path.joints_rad, atol=1e-9)

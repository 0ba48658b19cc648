"""The hardware doctor's judgement: each thing that is wrong alone is found, named, and told how to mend."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.doctor_hardware import (
    ArmSeen,
    CameraSeen,
    arm_checks,
    camera_checks,
    check_rig,
    check_skew,
)
from dreamitate_ros.execute.arm import ArmState
from dreamitate_ros.execute.kinematics import flange_pose
from dreamitate_ros.execute.ur5e import HOME_RAD
from dreamitate_ros.rig import load_rig
from dreamitate_ros.simulate.scene import photo_cameras
from dreamitate_ros.task import load_task

CONFIG = config_directory()
RIG, TASK = load_rig(CONFIG / "rigs" / "cell.yaml"), load_task("rotate", CONFIG)
STAMPS_S = 100.0 + np.arange(90) / 30.0
TOP = CameraSeen(
    "top/color", 1, STAMPS_S, np.full(90, 0.05), photo_cameras(RIG)["top"], np.zeros(5), RIG.world_from_top
)
STATE = ArmState(0.0, 0.0, HOME_RAD["left"], np.zeros(6), 7, 1, True, 1.0, True)
ARM = ArmSeen(
    "left/scaled_joint_trajectory_controller", "left/io_and_status_controller", True, "active", STATE, 500.0, 0.01,
    ["left_shoulder_pan_joint"], RIG.world_from_base("left"), flange_pose(HOME_RAD["left"][None])[0],
)  # fmt: skip


def moved(pose, x_m):
    result = pose.copy()
    result[0, 3] += x_m
    return result


def wrong(checks):
    return {check.name: f"{check.found} -> {check.fix}" for check in checks if not check.ok}


def test_a_healthy_cell_has_nothing_wrong():
    assert wrong(camera_checks("top", TOP, RIG, 30, 1.0)) == {}
    assert wrong(arm_checks("left", ARM, RIG)) == {}
    assert check_skew(TOP, replace(TOP, stamps_s=STAMPS_S + 0.01), 0.05).ok


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        ({"publishers": 0, "stamps_s": STAMPS_S[:0]}, "top camera", "nobody publishes top/color/image_raw"),
        ({"publishers": 2}, "top camera", "2 nodes publish"),
        ({"stamps_s": STAMPS_S[:1]}, "top camera", "is silent"),
        ({"stamps_s": STAMPS_S[::2]}, "top camera", "15.0 images a second"),
        ({"stamps_s": np.delete(STAMPS_S, np.s_[10:40])}, "top camera", "% lost"),
        ({"ages_s": np.full(90, 30.0)}, "top camera", "synchronise"),
        ({"camera": None}, "top camera_info", "top/color/camera_info is silent"),
        ({"camera": photo_cameras(RIG)["top"].__class__(1.1 * np.diag([900, 900, 1]), 1280, 720)},
         "top camera_info", "differs from the rig"),
        ({"distortion": np.array([0.1, 0, 0, 0, 0])}, "top camera_info", "bends the picture"),
        ({"world_from_camera": None}, "top frame", "no transform from world to top_color_optical_frame"),
        ({"world_from_camera": moved(RIG.world_from_top, 0.02)}, "top frame", "20.0 mm"),
    ],
)  # fmt: skip
def test_one_thing_wrong_with_a_camera(change, name, words):
    found = wrong(camera_checks("top", replace(TOP, **change), RIG, 30, 1.0))
    assert list(found) == [name]
    assert words in found[name]


@pytest.mark.parametrize(
    ("change", "name", "words"),
    [
        ({"joint_hz": 12.0}, "left joints", "12 joint states a second"),
        (
            {"joint_gap_s": 0.2},
            "left joints",
            "at most 200 ms apart -> trajectory_executor stops the arms after 150 ms",
        ),
        ({"state": replace(STATE, velocities=np.full(6, np.nan))}, "left joints", "without velocities"),
        (
            {"controller_state": "inactive"},
            "left controller",
            "set_controller_state -c /left/controller_manager",
        ),
        ({"controller_there": False}, "left controller", "nobody serves left/scaled_joint"),
        (
            {"state": replace(STATE, safety_mode=None)},
            "left robot",
            "left/io_and_status_controller is silent",
        ),
        ({"state": replace(STATE, safety_mode=3)}, "left robot", "protective stop"),
        ({"state": replace(STATE, robot_mode=5)}, "left robot", "robot mode is 5"),
        ({"state": replace(STATE, program_running=False)}, "left robot", "start it on the pendant"),
        ({"state": replace(STATE, speed_scaling=0.0)}, "left robot", "speed slider"),
        ({"state": replace(STATE, speed_scaling=None)}, "left robot", "speed_scaling_state_broadcaster"),
        ({"world_from_base": None}, "left base", "no transform from world to left_base_link"),
        ({"world_from_base": moved(RIG.world_from_base("left"), 0.01)}, "left base", "10.0 mm"),
        ({"base_from_tool0": None}, "left model", "robot_state_publisher"),
        ({"base_from_tool0": moved(ARM.base_from_tool0, 0.1)}, "left model", "100.0 mm"),
    ],
)
def test_one_thing_wrong_with_an_arm(change, name, words):
    found = wrong(arm_checks("left", replace(ARM, **change), RIG))
    assert list(found) == [name]
    assert words in found[name]


def test_joints_of_another_name_are_told():
    seen = replace(ARM, state=None, joints_heard=["shoulder_pan_joint", "elbow_joint"])
    found = wrong(arm_checks("left", seen, RIG))
    assert "heard: elbow_joint, shoulder_pan_joint" in found["left joints"]
    assert "tf_prefix left_" in found["left joints"]


def test_mock_hardware_may_be_silent_about_its_modes():
    state = replace(STATE, robot_mode=None, safety_mode=None, program_running=None)
    assert wrong(arm_checks("left", replace(ARM, status="", state=state), RIG)) == {}


def test_cameras_that_are_apart():
    late = check_skew(TOP, replace(TOP, stamps_s=STAMPS_S[::6] + 0.06), 0.05)
    assert not late.ok and "within 50 ms" in late.found


def test_an_old_rig_and_one_without_the_arm():
    now = datetime(2026, 11, 23, tzinfo=UTC)
    old = replace(RIG, method="board", calibrated_at=now - timedelta(days=400))
    assert "400.0 days ago" in check_rig(old, "rig.yaml", TASK, now).fix
    assert "left" in check_rig(replace(RIG, base_from_top={}), "rig.yaml", TASK, now).fix
    assert check_rig(RIG, "rig.yaml", TASK, now).ok

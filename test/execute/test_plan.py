import importlib.util
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.execute.branches import joint_paths
from dreamitate_ros.execute.collision import CollisionWorld, lowest_point_m
from dreamitate_ros.execute.heights import LARGEST_LIFT_M, TABLE_CLEARANCE_M
from dreamitate_ros.execute.kinematics import flange_pose
from dreamitate_ros.execute.plan import plan
from dreamitate_ros.execute.ur5e import (
    ACCELERATION_LIMIT_RAD_S2,
    HOME_RAD,
    POSITION_LIMIT_RAD,
    VELOCITY_LIMIT_RAD_S,
)
from dreamitate_ros.geometry import angle_rad, inverse, project

_SPEC = importlib.util.spec_from_file_location("scenes", Path(__file__).with_name("scenes.py"))
assert _SPEC is not None and _SPEC.loader is not None
scenes = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(scenes)


@pytest.fixture(scope="module")
def cell():
    return scenes.cell()


def planned(
    cell, tracks, start=HOME_RAD, stop=lambda: False, said=None, allowed_shift_m=0.0,
    allowed_lift_m=LARGEST_LIFT_M, **changes,
):  # fmt: skip
    rig, task, tools = cell
    progress = (lambda *_: None) if said is None else lambda _, what: said.append(what)
    return plan(
        tracks, replace(task, **changes), rig, tools, start, progress, stop, allowed_shift_m,
        allowed_lift_m=allowed_lift_m,
    )  # fmt: skip


def refused(cell, tracks, **options) -> DreamitateError:
    with pytest.raises(DreamitateError) as caught:
        planned(cell, tracks, **options)
    return caught.value


@pytest.fixture(scope="module")
def motion(cell):
    return planned(cell, scenes.tracks(cell[0]))


def test_both_arms_share_a_clock_and_start_and_end_at_rest_where_they_stand(motion):
    np.testing.assert_array_equal(motion["left"].times_s, motion["right"].times_s)
    for arm, trajectory in motion.items():
        assert (np.diff(trajectory.times_s) > 0).all()
        assert trajectory.joint_names[0] == f"{arm}_shoulder_pan_joint"
        for end in (0, -1):
            np.testing.assert_allclose(trajectory.positions[end], HOME_RAD[arm], atol=1e-6)
            np.testing.assert_allclose(trajectory.velocities[end], 0.0, atol=1e-9)


def test_limits_hold_at_every_sample(cell, motion):
    scale = cell[1].speed_scale
    for trajectory in motion.values():
        assert (np.abs(trajectory.positions) <= POSITION_LIMIT_RAD).all()
        assert (np.abs(trajectory.velocities) <= VELOCITY_LIMIT_RAD_S * scale + 1e-9).all()
        assert (np.abs(trajectory.accelerations) <= ACCELERATION_LIMIT_RAD_S2 * scale + 1e-9).all()
        rate = np.diff(trajectory.positions, axis=0) / np.diff(trajectory.times_s)[:, None]
        assert (np.abs(rate) <= VELOCITY_LIMIT_RAD_S * scale + 1e-3).all()
        mean = (trajectory.velocities[1:] + trajectory.velocities[:-1]) / 2
        np.testing.assert_allclose(rate, mean, atol=0.03)


def test_the_tool_follows_the_path_asked_for(cell, motion):
    for arm, trajectory in motion.items():
        joints = np.column_stack(
            [
                np.interp(trajectory.path.times_s, trajectory.times_s, column)
                for column in trajectory.positions.T
            ]
        )
        reached = flange_pose(joints) @ cell[2][arm].flange_from_tool
        asked = trajectory.path.base_from_tool
        assert np.linalg.norm(reached[:, :3, 3] - asked[:, :3, 3], axis=1).max() < 5e-4
        assert angle_rad(inverse(asked) @ reached).max() < np.deg2rad(0.2)


def test_the_path_asked_for_is_that_of_the_track_in_this_arms_base(cell, motion):
    rig = cell[0]
    for track in scenes.tracks(rig):
        path = motion[track.tool].path
        wanted = rig.base_from_top[track.tool] @ track.top_from_tool[track.present][[0, -1]]
        np.testing.assert_allclose(path.base_from_tool[[0, -1]], wanted, atol=1e-6)
        first, last = motion[track.tool].contact_s
        assert path.times_s[0] == pytest.approx(first, abs=1e-6)
        assert path.times_s[-1] == pytest.approx(last, abs=1e-6)


def test_the_tracked_part_is_never_faster_than_imagined_times_speed_scale(cell, motion):
    imagined_s = 10 / 6  # frames 2 to 12
    first, last = motion["left"].contact_s
    assert last - first >= imagined_s / cell[1].speed_scale


def test_an_arm_whose_tool_appears_later_comes_later(motion):
    assert motion["right"].contact_s[0] > motion["left"].contact_s[0] + 0.1


def test_no_sample_collides(cell, motion):
    world = CollisionWorld(cell[0], cell[2])
    for index in range(0, len(motion["left"].times_s), 3):
        touch = world.worst_touch({arm: t.positions[index] for arm, t in motion.items()})
        assert touch is None, f"{index}: {touch}"


def test_a_path_a_little_below_the_table_is_lifted_just_clear_of_it(cell):
    rig, _, tools = cell
    low = scenes.tracks(rig, height_m=0.045)
    below = lowest_point_m(tools["left"], rig.world_from_top @ low[0].top_from_tool[2:]).min()
    assert below < 0
    trajectory = planned(cell, low)["left"]
    heights = lowest_point_m(tools["left"], rig.world_from_base("left") @ trajectory.path.base_from_tool)
    assert heights.min() == pytest.approx(TABLE_CLEARANCE_M, abs=1e-6)
    x_m, y_m, lift_m = trajectory.path.moved_m
    assert x_m == y_m == 0.0 and lift_m == pytest.approx(TABLE_CLEARANCE_M - below, abs=0.001)


def test_a_lift_is_told_and_one_that_is_not_allowed_is_only_offered(cell):
    said, low = [], scenes.tracks(cell[0], height_m=0.045)
    lift_mm = 1e3 * planned(cell, low, said=said)["left"].path.moved_m[2]
    assert f"left path raised by {lift_mm:.1f} mm; right path raised by" in said[-1]
    error = refused(cell, low, allowed_lift_m=0.5e-3 * lift_mm)
    assert error.code == ErrorCode.COLLISION
    assert (
        f"smallest change that makes it feasible: the left path raised by {lift_mm:.1f} mm" in error.message
    )
    assert "largest_lift_mm" in error.message


def test_a_path_through_the_table_is_refused(cell):
    error = refused(cell, scenes.tracks(cell[0], height_m=-0.02))
    assert error.code == ErrorCode.COLLISION
    assert (
        "left tool" in error.message and "mm into the table" in error.message and "raised by" in error.message
    )


def test_outside_the_workspace_names_time_axis_and_amount(cell):
    error = refused(cell, scenes.tracks(cell[0], shift_m=(0.0, 0.40)))
    assert error.code == ErrorCode.OUTSIDE_WORKSPACE
    assert "y =" in error.message and "mm outside" in error.message and "s of the video" in error.message


def test_out_of_reach_names_arm_time_and_amount(cell):
    wide = ((-2.0, 2.0),) * 3
    error = refused(cell, scenes.tracks(cell[0], shift_m=(0.9, 0.0)), workspace_m=wide)
    assert error.code == ErrorCode.UNREACHABLE
    assert "the left arm does not reach" in error.message and "too far" in error.message


def test_the_smallest_shift_is_offered_and_not_taken(cell):
    error = refused(cell, scenes.tracks(cell[0], shift_m=(0.4, 0.0)), workspace_m=((-2.0, 2.0),) * 3)
    assert error.code == ErrorCode.UNREACHABLE
    assert "19 mm too far" in error.message
    assert "smallest change that makes it feasible: the left path moved by 20 mm (x -" in error.message
    assert "largest_shift_mm" in error.message


def test_a_path_just_outside_the_workspace_is_offered_the_way_back(cell):
    error = refused(cell, scenes.tracks(cell[0], shift_m=(0.0, 0.31)))
    assert error.code == ErrorCode.OUTSIDE_WORKSPACE
    assert "y -" in error.message and "smallest change" in error.message


def test_an_allowed_shift_is_taken_and_reported(cell):
    said = []
    there = scenes.tracks(cell[0], shift_m=(0.0, 0.31))
    motion = planned(cell, there, said=said, allowed_shift_m=0.05)
    assert any("left path moved by 2" in what for what in said)
    world = cell[0].world_from_base("left") @ motion["left"].path.base_from_tool
    assert world[:, 1, 3].max() == pytest.approx(0.30, abs=0.002), "just inside, not farther"
    assert motion["left"].path.moved_m[1] == pytest.approx(-0.02, abs=0.01)


def test_a_jump_names_joint_time_and_amount(cell):
    left = scenes.tracks(cell[0])[0]
    rig, _, tools = cell
    poses = rig.base_from_top["left"] @ left.top_from_tool[2:] @ inverse(tools["left"].flange_from_tool)
    turned = poses.copy()
    turned[5:, :3, :3] = poses[5:, :3, :3] @ np.diag([-1.0, 1.0, -1.0])
    times_s = left.times_s[2:]
    with pytest.raises(
        DreamitateError, match=r"left arm's \w+_joint would have to jump by \d+ deg"
    ) as caught:
        joint_paths("left", turned, times_s, HOME_RAD["left"])
    assert caught.value.code == ErrorCode.SPEED_LIMIT
    assert f"at {times_s[5]:.2f} s of the video" in caught.value.message


def test_low_confidence_is_refused(cell):
    left, right = scenes.tracks(cell[0])
    error = refused(cell, [left, replace(right, confidence=right.confidence * 0.4)])
    assert error.code == ErrorCode.LOW_CONFIDENCE and "right" in error.message
    assert refused(cell, [left]).code == ErrorCode.LOW_CONFIDENCE


def test_a_gap_in_the_track_is_bridged(cell):
    left, right = scenes.tracks(cell[0])
    confidence = left.confidence.copy()
    confidence[5:8] = 0.1
    motion = planned(cell, [replace(left, confidence=confidence), right])
    assert len(motion["left"].path.times_s) >= 13


def test_tools_that_run_into_each_other_are_refused_by_name(cell):
    left, right = scenes.tracks(cell[0])
    poses = right.top_from_tool.copy()
    poses[:, 0, 3] -= 0.24
    error = refused(cell, [left, replace(right, top_from_tool=poses)])
    assert error.code == ErrorCode.COLLISION
    assert "left" in error.message and "right" in error.message and "mm" in error.message


def test_a_stale_calibration_is_refused(cell):
    rig, task, tools = cell
    old = replace(rig, method="checkerboard", calibrated_at=datetime.now(UTC) - timedelta(days=90))
    with pytest.raises(DreamitateError) as caught:
        plan(scenes.tracks(rig), task, old, tools, HOME_RAD, lambda *_: None, lambda: False)
    assert caught.value.code == ErrorCode.STALE_CALIBRATION


def test_unknown_joints_are_refused(cell):
    start = {**HOME_RAD, "right": np.full(6, np.nan)}
    error = refused(cell, scenes.tracks(cell[0]), start=start)
    assert error.code == ErrorCode.ROBOT_NOT_READY and "right" in error.message


def test_it_stops_when_asked(cell):
    with pytest.raises(Cancelled):
        planned(cell, scenes.tracks(cell[0]), stop=lambda: True)


def test_at_home_the_tools_are_seen_by_neither_camera(cell):
    rig, _, tools = cell
    for arm, tool in tools.items():
        top_from_tool = rig.base_from_top[arm]
        top_from_tool = inverse(top_from_tool) @ flange_pose(HOME_RAD[arm]) @ tool.flange_from_tool
        corners = np.column_stack([tool.mesh.vertices, np.ones(len(tool.mesh.vertices))])
        in_top = (corners @ top_from_tool.T)[:, :3]
        in_side = (corners @ (rig.side_from_top @ top_from_tool).T)[:, :3]
        for camera, points in ((rig.top, in_top), (rig.side, in_side)):
            px = project(camera, points)
            seen = (px >= 0).all(axis=1) & (px < [camera.width, camera.height]).all(axis=1)
            assert not seen.any()

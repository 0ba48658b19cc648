"""The backend moveit against a stand-in for move_group, over real DDS where its messages are installed."""

import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest
import rclpy
from rclpy.action import ActionServer, CancelResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import MultiThreadedExecutor
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.arm import ArmState
from dreamitate_ros.execute.branches import joint_paths
from dreamitate_ros.execute.kinematics import flange_pose
from dreamitate_ros.execute.run import ExecutionStopped, run
from dreamitate_ros.execute.ur5e import HOME_RAD, joint_names
from dreamitate_ros.geometry import interpolate
from dreamitate_ros.nodes import messages, parameters
from dreamitate_ros.nodes.backend import declared_backend
from dreamitate_ros.nodes.move_group import (
    MoveGroup,
    MoveItNames,
    joints_of,
    moveit_interfaces,
    moveit_py_ways,
    moveit_words,
)
from dreamitate_ros.nodes.move_group_arms import MoveGroupArms, merged
from dreamitate_ros.values import ArmTrajectory, ToolPath

PATIENCE_S = 20.0
NAMES = {
    arm: MoveItNames(f"{arm}_manipulator", f"{arm}_base_link", f"{arm}_tool0") for arm in ("left", "right")
}


def swing(arm, seconds=2.0, reach_rad=0.2):
    times_s = np.arange(0.0, seconds + 0.01, 0.02)
    share = (1 - np.cos(np.pi * times_s / seconds)) / 2
    positions = HOME_RAD[arm] + np.outer(share, [reach_rad, 0, 0, 0, 0, 0])
    path = ToolPath(arm, times_s, flange_pose(positions))
    velocities = np.gradient(positions, 0.02, axis=0)
    return ArmTrajectory(
        arm, joint_names(arm), times_s, positions, velocities, 0 * velocities, (0.0, seconds), path
    )


def test_without_moveit_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "moveit_msgs", None)
    with pytest.raises(DreamitateError, match=r"needs MoveIt 2.*ros-\$ROS_DISTRO-moveit") as caught:
        moveit_interfaces()
    assert caught.value.code == ErrorCode.STAGE_UNAVAILABLE
    monkeypatch.setitem(sys.modules, "moveit", None)
    with pytest.raises(DreamitateError, match="or take the backend builtin"):
        moveit_py_ways("cell", "cell_moveit_config", NAMES)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"backend": "movit"}, "backend must be builtin or moveit, found 'movit'"),
        ({"backend": "moveit"}, "moveit.robot and moveit.package"),
    ],
)
def test_a_backend_that_cannot_be_is_refused(monkeypatch, given, words):
    monkeypatch.setattr(parameters, "text", lambda _, name, default, __: given.get(name, default))
    with pytest.raises(DreamitateError, match=words):
        declared_backend(None, {"left": None})


def test_both_arms_become_one_message_and_one_arms_joints_are_found_in_it():
    left, right = swing("left"), swing("right", reach_rad=-0.3)
    message = merged([left, right])
    assert list(message.joint_names) == [*joint_names("left"), *joint_names("right")]
    assert messages.seconds(message.points[-1].time_from_start) == pytest.approx(2.0)
    np.testing.assert_allclose(joints_of("right", message), right.positions)
    with pytest.raises(DreamitateError, match="is the group the right one"):
        joints_of("left", JointTrajectory(joint_names=["elbow_joint"]))


def test_moveits_codes_in_words():
    assert moveit_words(SimpleNamespace(val=-31)) == "no inverse kinematics"
    assert moveit_words(SimpleNamespace(val=-99, message="why")) == "MoveIt error -99 (why)"


class Client:
    """Stands in for ArmClient: an arm that is where move_group last put it."""

    def __init__(self, arm):
        self.arm, self.positions, self.velocities = arm, HOME_RAD[arm].copy(), np.zeros(6)

    def ready(self):
        return None

    def state(self):
        return ArmState(
            time.monotonic(), time.time(), self.positions.copy(), self.velocities.copy(), 7, 1, True, 1.0
        )


class Group:
    """move_group's two interfaces, with our kinematics behind them."""

    def __init__(self, node, clients):
        interfaces = moveit_interfaces()
        self.share, self.asked, self.outcome, self._clients = 1.0, None, 1, clients
        group = ReentrantCallbackGroup()
        node.create_service(
            interfaces.GetCartesianPath, "compute_cartesian_path", self._path, callback_group=group
        )
        self._result = interfaces.ExecuteTrajectory.Result
        ActionServer(
            node, interfaces.ExecuteTrajectory, "execute_trajectory", self._execute, callback_group=group,
            cancel_callback=lambda _: CancelResponse.ACCEPT,
        )  # fmt: skip

    def _path(self, request, response):
        self.asked = request
        start = np.array(request.start_state.joint_state.position)
        poses = np.stack([flange_pose(start), *(messages.pose_array(pose) for pose in request.waypoints)])
        (path, *_) = joint_paths("left", poses, np.arange(float(len(poses))), start)
        response.solution.joint_trajectory = JointTrajectory(
            joint_names=joint_names("left"),
            points=[JointTrajectoryPoint(positions=row.tolist()) for row in path.joints_rad],
        )
        response.fraction, response.error_code.val = self.share, self.outcome
        return response

    def _execute(self, handle):
        trajectory, began_s = handle.request.trajectory.joint_trajectory, time.monotonic()
        times_s = np.array([messages.seconds(point.time_from_start) for point in trajectory.points])
        rows = {arm: joints_of(arm, trajectory) for arm in self._clients}
        while (at_s := time.monotonic() - began_s) < times_s[-1] and not handle.is_cancel_requested:
            for arm, client in self._clients.items():
                client.positions = np.array([np.interp(at_s, times_s, column) for column in rows[arm].T])
            time.sleep(0.005)
        result = self._result()
        if handle.is_cancel_requested:
            handle.canceled()
            result.error_code.val = -7
        else:
            handle.succeed()
            result.error_code.val = self.outcome
        return result


@pytest.fixture
def bench():
    pytest.importorskip("moveit_msgs")
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node("bench", context=context)
    executor = MultiThreadedExecutor(num_threads=6, context=context)
    executor.add_node(node)
    clients = {arm: Client(arm) for arm in ("left", "right")}
    group = Group(node, clients)
    spinning = threading.Thread(target=executor.spin, daemon=True)
    spinning.start()
    yield node, group, clients
    executor.shutdown(timeout_sec=2.0)
    spinning.join(2.0)
    node.destroy_node()
    context.try_shutdown()


def test_a_straight_path_is_asked_of_move_group(bench):
    node, group, _ = bench
    solver = MoveGroup(node, NAMES, lambda arm, start, goal: np.stack([start, start]))
    ends = np.stack([flange_pose(HOME_RAD["left"]), flange_pose(HOME_RAD["left"] + 0.05)])
    poses = interpolate(np.array([0.0, 1.0]), ends, np.linspace(0, 1, 9))
    joints, share = solver.follow("left", HOME_RAD["left"], poses)
    assert share == 1.0
    np.testing.assert_allclose(joints[-1], HOME_RAD["left"] + 0.05, atol=1e-6)
    asked = group.asked
    assert (asked.group_name, asked.link_name, asked.header.frame_id) == (
        "left_manipulator", "left_tool0", "left_base_link",
    )  # fmt: skip
    assert len(asked.waypoints) == 8 and asked.avoid_collisions and asked.max_step > 0
    group.outcome = -18
    with pytest.raises(DreamitateError, match="there is no such link"):
        solver.follow("left", HOME_RAD["left"], poses)


def executed(bench, stop=lambda: False, seconds=2.0):
    node, _, clients = bench
    together = MoveGroupArms(node, clients)
    motion = {arm: swing(arm, seconds) for arm in clients}
    tools = {arm: SimpleNamespace(flange_from_tool=np.eye(4)) for arm in clients}
    return run(motion, together.arms(list(motion)), tools, lambda *_: None, stop, stale_s=5.0)


def test_move_group_moves_both_arms_and_what_they_did_is_measured(bench):
    execution = executed(bench)
    for arm, client in bench[2].items():
        assert client.positions[0] == pytest.approx(HOME_RAD[arm][0] + 0.2, abs=0.01)
        assert len(execution.positions[arm]) > 10


def test_move_groups_failure_and_a_cancel_stop_both_arms(bench):
    bench[1].outcome = -4
    with pytest.raises(ExecutionStopped, match="move_group: the controllers failed"):
        executed(bench)
    for client in bench[2].values():
        client.positions = HOME_RAD[client.arm].copy()
    left = bench[2]["left"]
    with pytest.raises(ExecutionStopped) as caught:
        executed(bench, lambda: left.positions[0] > HOME_RAD["left"][0] + 0.01, seconds=15.0)
    assert caught.value.code == ErrorCode.CANCELLED
    positions = [client.positions.copy() for client in bench[2].values()]
    time.sleep(0.3)
    for before, client in zip(positions, bench[2].values(), strict=True):
        np.testing.assert_array_equal(before, client.positions)
        assert client.positions[0] < HOME_RAD[client.arm][0] + 0.19

"""A motion that is accepted too late, over real DDS: it is cancelled, never left to run."""

import threading
import time

import numpy as np
import pytest
import rclpy
from control_msgs.action import FollowJointTrajectory
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import MultiThreadedExecutor

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.ur5e import joint_names
from dreamitate_ros.nodes.arm_client import CANCEL_S, ArmClient
from dreamitate_ros.values import ArmTrajectory, ToolPath

PATIENCE_S = 20.0
CONTROLLER = "left/slow_controller"


class SlowController:
    """Accepts a goal only when told to, and then moves until it is cancelled."""

    def __init__(self, node):
        self.accept, self.asked, self.moving = threading.Event(), threading.Event(), threading.Event()
        self.cancelled = threading.Event()
        ActionServer(
            node,
            FollowJointTrajectory,
            f"{CONTROLLER}/follow_joint_trajectory",
            execute_callback=self._execute,
            goal_callback=self._goal,
            cancel_callback=lambda _: CancelResponse.ACCEPT,
            callback_group=ReentrantCallbackGroup(),
        )

    def _goal(self, _):
        self.asked.set()
        self.accept.wait(PATIENCE_S)
        return GoalResponse.ACCEPT

    def _execute(self, handle):
        self.moving.set()
        deadline_s = time.monotonic() + PATIENCE_S
        while not handle.is_cancel_requested and time.monotonic() < deadline_s:
            time.sleep(0.01)
        if handle.is_cancel_requested:
            self.cancelled.set()
            handle.canceled()
        else:
            handle.succeed()
        return FollowJointTrajectory.Result()


@pytest.fixture
def bench():
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node("bench", context=context)
    executor = MultiThreadedExecutor(num_threads=6, context=context)
    executor.add_node(node)
    controller = SlowController(node)
    client = ArmClient(node, "left", CONTROLLER, "left/status", "left/speed")
    threading.Thread(target=executor.spin, daemon=True).start()
    assert client._client.wait_for_server(PATIENCE_S)
    yield client, controller
    controller.accept.set()
    executor.shutdown()
    node.destroy_node()
    context.try_shutdown()


def trajectory():
    zeros = np.zeros((2, 6))
    path = ToolPath("left", np.array([0.0, 1.0]), np.tile(np.eye(4), (2, 1, 1)))
    return ArmTrajectory(
        "left", joint_names("left"), np.array([0.0, 1.0]), zeros, zeros, zeros, (0.0, 1.0), path
    )


def test_a_motion_accepted_after_we_gave_up_is_cancelled(bench):
    client, controller = bench
    with pytest.raises(DreamitateError, match="did not accept the motion in time") as caught:
        client.send(trajectory(), CANCEL_S + 0.3)
    assert caught.value.code == ErrorCode.CONTROLLER_REJECTED
    controller.accept.set()
    assert controller.moving.wait(PATIENCE_S)
    assert controller.cancelled.wait(PATIENCE_S), "it runs although nobody waits for it"


def test_a_cancel_before_the_acceptance_reaches_the_goal(bench):
    client, controller = bench
    sent = threading.Thread(target=client.send, args=(trajectory(), PATIENCE_S))
    sent.start()
    assert controller.asked.wait(PATIENCE_S)
    client.cancel()
    controller.accept.set()
    assert controller.cancelled.wait(PATIENCE_S)
    sent.join(PATIENCE_S)
    assert not sent.is_alive()


def test_a_start_too_soon_to_be_cancelled_is_not_even_sent(bench):
    client, controller = bench
    controller.accept.set()
    with pytest.raises(DreamitateError, match="common start"):
        client.send(trajectory(), CANCEL_S)
    assert not controller.asked.wait(0.5)
    assert client.result() is None


def test_the_next_motion_knows_nothing_of_the_last(bench):
    client, controller = bench
    controller.accept.set()
    client.send(trajectory(), PATIENCE_S)
    client.cancel()
    deadline_s = time.monotonic() + PATIENCE_S
    while client.result() is None:
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
    assert client.result()[0] == -1
    client.send(trajectory(), PATIENCE_S)
    assert client.result() is None
    client.cancel()

"""One goal at a time, over real DDS: results, errors, busy, cancel, close."""

import threading
import time

import pytest
import rclpy
from action_msgs.msg import GoalStatus
from rclpy.executors import MultiThreadedExecutor

from dreamitate_msgs.action import TrackTools
from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.nodes.action_client import ActionClient
from dreamitate_ros.nodes.goals import GoalFailed, GoalServer
from dreamitate_ros.nodes.services import await_future

PATIENCE_S = 20.0


class Desk:
    """A server whose work is the function named in the goal's task, and a client of it."""

    def __init__(self, node, **works):
        self.release = threading.Event()
        self.server = GoalServer(node, TrackTools, "track_tools", self._work)
        self.works = works
        self.client = ActionClient(node, TrackTools, "track_tools")
        assert self.client.wait_for_server(PATIENCE_S)
        self.feedback = []

    def _work(self, goal, feedback, stop):
        return getattr(self, goal.task)(feedback, stop)

    def succeed(self, feedback, stop):
        feedback(stage="first", progress=0.5)
        feedback(stage="second", progress=1.0)
        return TrackTools.Result(compute_s=1.5)

    def fail(self, feedback, stop):
        raise DreamitateError(ErrorCode.TRACKING_LOST, "the tool left is lost; look at the overlay")

    def fail_with_result(self, feedback, stop):
        error = DreamitateError(ErrorCode.LOW_CONFIDENCE, "not sure")
        raise GoalFailed(error, TrackTools.Result(compute_s=2.5))

    def crash(self, feedback, stop):
        raise ZeroDivisionError("a fault of ours")

    def hold(self, feedback, stop):
        feedback(stage="holding", progress=0.1)
        while not stop():
            if self.release.wait(0.02):
                return TrackTools.Result()
        raise Cancelled("hold")

    def send(self, task):
        handle = wait(
            self.client.send_goal_async(
                TrackTools.Goal(task=task), lambda message: self.feedback.append(message.feedback)
            )
        )
        assert handle.accepted
        return handle


def wait(future):
    return await_future(future, PATIENCE_S, lambda: False, "the server")


@pytest.fixture
def desk():
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node("desk", context=context)
    executor = MultiThreadedExecutor(num_threads=6, context=context)
    executor.add_node(node)
    spinning = threading.Thread(target=executor.spin, daemon=True)
    spinning.start()
    desk = Desk(node)
    yield desk
    desk.release.set()
    desk.server.close()
    executor.shutdown()
    spinning.join(5.0)
    node.destroy_node()
    context.try_shutdown()


def test_result_and_feedback_arrive(desk):
    answer = wait(desk.send("succeed").get_result_async())
    assert answer.status == GoalStatus.STATUS_SUCCEEDED
    assert (answer.result.error_code, answer.result.compute_s) == (0, 1.5)
    deadline_s = time.monotonic() + PATIENCE_S
    while len(desk.feedback) < 2 and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert [message.stage for message in desk.feedback] == ["first", "second"]


def test_user_error_aborts_with_its_code_and_words(desk):
    answer = wait(desk.send("fail").get_result_async())
    assert answer.status == GoalStatus.STATUS_ABORTED
    assert answer.result.error_code == ErrorCode.TRACKING_LOST
    assert answer.result.error_msg == "the tool left is lost; look at the overlay"


def test_failure_keeps_what_there_is_to_show(desk):
    result = wait(desk.send("fail_with_result").get_result_async()).result
    assert (result.error_code, result.compute_s) == (ErrorCode.LOW_CONFIDENCE, 2.5)


def test_own_fault_is_told_and_the_node_lives_on(desk):
    result = wait(desk.send("crash").get_result_async()).result
    assert result.error_code == ErrorCode.UNKNOWN
    assert "a fault of ours" in result.error_msg
    assert wait(desk.send("succeed").get_result_async()).result.error_code == 0


def test_second_goal_is_told_busy_and_the_first_goes_on(desk):
    first = desk.send("hold")
    second = wait(desk.send("succeed").get_result_async())
    assert second.status == GoalStatus.STATUS_ABORTED
    assert second.result.error_code == ErrorCode.BUSY
    assert "busy" in second.result.error_msg
    desk.release.set()
    assert wait(first.get_result_async()).status == GoalStatus.STATUS_SUCCEEDED


def test_cancel_ends_as_cancelled(desk):
    handle = desk.send("hold")
    assert wait(handle.cancel_goal_async()).goals_canceling
    answer = wait(handle.get_result_async())
    assert answer.status == GoalStatus.STATUS_CANCELED
    assert answer.result.error_code == ErrorCode.CANCELLED
    assert wait(desk.send("succeed").get_result_async()).result.error_code == 0


def test_close_stops_the_work_and_waits_for_it(desk):
    handle = desk.send("hold")
    desk.server.close()
    assert wait(handle.get_result_async()).status == GoalStatus.STATUS_ABORTED

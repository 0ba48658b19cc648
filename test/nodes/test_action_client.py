"""A client of a node that spins: seen before it is whole, and answered faster than its sender notes the goal."""

import threading
import time

import pytest
import rclpy
from rclpy.executors import MultiThreadedExecutor

from dreamitate_msgs.action import TrackTools
from dreamitate_ros.nodes.action_client import ActionClient
from dreamitate_ros.nodes.goals import GoalServer
from dreamitate_ros.nodes.services import await_future

PATIENCE_S = 10.0
PAUSE_S = 0.5


class Slow(dict):
    """Stops whoever adds something, long enough for any answer to come."""

    def __setitem__(self, key, value):
        time.sleep(PAUSE_S)
        super().__setitem__(key, value)


@pytest.fixture
def node():
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node("sender", context=context)
    executor = MultiThreadedExecutor(4, context=context)
    executor.add_node(node)
    spinning = threading.Thread(target=executor.spin, daemon=True)
    spinning.start()
    server = GoalServer(node, TrackTools, "track_tools", lambda *_: TrackTools.Result(compute_s=1.5))
    yield node
    server.close()
    executor.shutdown()
    spinning.join(PATIENCE_S)
    node.destroy_node()
    context.try_shutdown()


def test_an_answer_that_comes_while_the_goal_is_being_noted_arrives(node):
    client = connected(node)
    client._feedback_callbacks = Slow()  # where rclpy 9.1.2 is between its two steps
    handle = wait(client.send_goal_async(TrackTools.Goal(), feedback_callback=lambda _: None))
    assert handle.accepted
    assert wait(handle.get_result_async()).result.compute_s == 1.5


def test_a_client_that_is_seen_while_it_is_made_works(node, monkeypatch):
    seen = node.add_waitable
    monkeypatch.setattr(node, "add_waitable", lambda client: (seen(client), time.sleep(PAUSE_S)))
    client = connected(node)
    assert wait(client.send_goal_async(TrackTools.Goal())).accepted


def connected(node):
    client = ActionClient(node, TrackTools, "track_tools")
    assert client.wait_for_server(PATIENCE_S)
    return client


def wait(future):
    return await_future(future, PATIENCE_S, lambda: False, "the server")

"""The policy ends in good order: who asks it to gets a complete episode, however long a stage takes to rest."""

import threading
import time
from types import SimpleNamespace

import pytest
import rclpy
from rclpy.executors import MultiThreadedExecutor
from std_srvs.srv import Trigger

from dreamitate_msgs.action import RunPolicy
from dreamitate_ros.errors import Cancelled
from dreamitate_ros.nodes import policy as module
from dreamitate_ros.nodes.action_client import ActionClient
from dreamitate_ros.nodes.policy import Policy

PATIENCE_S = 60.0
REST_S = 4.0  # longer than any stage's own node waits


def until(condition, what):
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, f"waited for {what}"
        time.sleep(0.02)


def send(policy, hear=None):
    """The future of the goal's handle."""
    client = ActionClient(policy, RunPolicy, "run_policy")
    until(client.server_is_ready, "the policy")
    return client.send_goal_async(RunPolicy.Goal(task="rotate"), hear)


@pytest.fixture
def policy(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rclpy.init()
    node, executor = Policy(), MultiThreadedExecutor(num_threads=4)
    executor.add_node(node)
    spinning = threading.Thread(target=executor.spin, daemon=True)
    spinning.start()
    yield node
    executor.shutdown()
    spinning.join(5.0)
    node.destroy_node()
    rclpy.try_shutdown()


def test_an_end_in_mid_motion_waits_for_the_report(policy, tmp_path, monkeypatch):
    acting = threading.Event()

    def act(run):
        acting.set()
        until(run.stop, "the end")
        time.sleep(REST_S)
        raise Cancelled("motion")

    monkeypatch.setattr(policy, "_act", act)
    send(policy)
    until(acting.is_set, "the goal")
    policy.close()
    (episode,) = (tmp_path / "episodes").iterdir()
    assert "motion cancelled" in (episode / "report.html").read_text()


def test_who_approves_is_told_by_what_a_path_was_moved(policy, monkeypatch):
    for stage in ("_capture", "_execute"):
        monkeypatch.setattr(policy, stage, lambda *_: None)
    dreamer = SimpleNamespace(execution=lambda tracks, plan_only: None)
    monkeypatch.setattr(policy, "_dreamer", lambda *_: dreamer)
    dream = SimpleNamespace(tracks=[], trajectories={})
    monkeypatch.setattr(module, "choose", lambda *_: dream)
    monkeypatch.setattr(module, "path_changes", lambda paths: "left path raised by 2.0 mm")
    heard = []
    answer = send(policy, lambda message: heard.append(message.feedback.message))
    told = "left path raised by 2.0 mm; waiting for policy/approve or policy/reject"
    until(lambda: told in heard, "the question")
    approve = policy.create_client(Trigger, "policy/approve")
    until(approve.service_is_ready, "the service")
    approve.call_async(Trigger.Request())
    ended = answer.result().get_result_async()
    until(ended.done, "the end")
    assert ended.result().result.error_code == 0
    assert ended.result().result.path_changes == "left path raised by 2.0 mm"

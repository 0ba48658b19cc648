"""trajectory_executor is killed while it moves both arms, whose drivers do not care: motion_guard stops them."""

import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import rclpy
from action_msgs.srv import CancelGoal
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from dreamitate_msgs.action import ExecuteToolTrajectory
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import ErrorCode
from dreamitate_ros.execute.safety import STILL_RAD_S
from dreamitate_ros.nodes import messages
from dreamitate_ros.nodes.action_client import ActionClient
from dreamitate_ros.nodes.bringup import environment
from dreamitate_ros.nodes.motion_beat import BEAT_QOS, BEAT_TOPIC

_SPEC = importlib.util.spec_from_file_location("scenes", Path(__file__).parents[1] / "execute" / "scenes.py")
scenes = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(scenes)

PATIENCE_S = 100.0
REST_S = 0.5
TRIES = 5
END_OFF_RAD = 0.05


class Bench:
    """Sends paths to the executor, and sees what the arms do. Nodes' output is in folder/NODE.log."""

    def __init__(self, folder):
        self._folder, self._processes = folder, {}
        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self.node = rclpy.create_node("bench", context=self._context)
        self.action = ActionClient(self.node, ExecuteToolTrajectory, "execute_tool_trajectory")
        self.node.create_subscription(JointState, "joint_states", self._take, qos_profile_sensor_data)
        self.joints, self.stage, self.moved_s = None, "", 0.0
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._spinning = threading.Thread(target=self._executor.spin, daemon=True)
        self._spinning.start()

    def start(self, node, **parameters):
        options = [word for name, value in parameters.items() for word in ("-p", f"{name}:={value}")]
        files = ["--params-file", str(config_directory() / "simulation.yaml")]
        with (self._folder / f"{node}.log").open("wb") as log:
            self._processes[node] = subprocess.Popen(
                [sys.executable, "-m", "dreamitate_ros.nodes.start", node, "--ros-args", *files, *options],
                stdout=log, stderr=subprocess.STDOUT, env=os.environ | environment(simulation=True),
            )  # fmt: skip

    def said(self, node):
        return (self._folder / f"{node}.log").read_text()

    def end(self, node, number):
        process = self._processes.pop(node)
        process.send_signal(number)
        return process.wait(PATIENCE_S)

    def until(self, condition, what):
        deadline_s = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline_s, (what, *map(self.said, self._processes))
            time.sleep(0.01)

    def send(self):
        """The future of the result of a path for both arms."""
        rig, _, _ = scenes.cell()
        trajectory = messages.tool_trajectory_message(scenes.tracks(rig))
        self.until(self.action.server_is_ready, "the executor")
        self.stage = ""
        answer = self.action.send_goal_async(
            ExecuteToolTrajectory.Goal(task="rotate", trajectory=trajectory), self._hear
        )
        self.until(answer.done, "the executor's answer")
        return answer.result().get_result_async()

    def move(self):
        """Return in the midst of a motion. A machine too busy to start both arms in time is asked again."""
        for _ in range(TRIES):
            ended = self.send()
            self.until(lambda ended=ended: self.stage == "following" or ended.done(), "the motion")
            if not ended.done():
                return
        raise AssertionError(ended.result().result.error_msg)

    def _hear(self, message):
        self.stage = message.feedback.stage

    def _take(self, message):
        self.joints = np.array([message.position, message.velocity])
        if (np.abs(self.joints[1]) > STILL_RAD_S).any():
            self.moved_s = time.monotonic()

    def close(self):
        for node in list(self._processes):
            self.end(node, signal.SIGKILL)
        self._executor.shutdown()
        self._spinning.join(5.0)
        self.action.destroy()
        self.node.destroy_node()
        self._context.try_shutdown()


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path)
    try:
        yield bench
    finally:
        bench.close()


@pytest.mark.timeout(290)
def test_both_arms_stop_when_the_executor_is_killed(bench):
    bench.start("faulty_cell", misses_client="false")
    bench.start("trajectory_executor", guarded="true", stale_s=5.0)
    bench.until(lambda: bench.joints is not None, "the cell")

    refused = bench.send()
    bench.until(refused.done, "the refusal")
    assert refused.result().result.error_code == ErrorCode.STAGE_UNAVAILABLE
    assert "motion_guard" in refused.result().result.error_msg

    bench.start("motion_guard", lost_after_s=3.0)  # the death must show before the silence
    bench.until(lambda: bench.node.count_subscribers("arms_in_motion") == 1, "motion_guard")
    home = bench.joints[0]
    bench.move()
    bench.end("trajectory_executor", signal.SIGKILL)
    killed_s, at_kill = time.monotonic(), bench.joints[0]
    for arm in ("left", "right"):
        told = f"{arm}/scaled_joint_trajectory_controller cancels 1 goal"
        bench.until(lambda told=told: told in bench.said("motion_guard"), told)
    assert "trajectory_executor, which moves the arms, has died" in bench.said("motion_guard")
    bench.until(lambda: time.monotonic() - bench.moved_s > REST_S, "the arms' rest")
    print(f"\nstill after {bench.moved_s - killed_s:.2f} s,", end=" ")
    print(f"{np.rad2deg(np.abs(bench.joints[0] - at_kill).max()):.2f} deg")
    # a motion that nobody stopped would have gone home
    assert np.abs(bench.joints[0] - home).max() > END_OFF_RAD
    assert "nobody waits for this goal" not in bench.said("faulty_cell")
    assert bench.end("motion_guard", signal.SIGINT) == 0


def test_silence_stops_the_arms_where_nobody_can_see_a_death(bench):
    """The executor runs on another computer, whose processes the guard does not know."""
    asked = []

    def cancel(request, response):
        asked.append(time.monotonic())
        return response

    service = "left/scaled_joint_trajectory_controller/follow_joint_trajectory/_action/cancel_goal"
    bench.node.create_service(CancelGoal, service, cancel)
    beats = bench.node.create_publisher(String, BEAT_TOPIC, BEAT_QOS)
    bench.start("motion_guard", lost_after_s=0.5)
    bench.until(lambda: beats.get_subscription_count() == 1, "motion_guard")
    for _ in range(10):  # the guard finds the service meanwhile
        beats.publish(String(data="elsewhere 1"))
        time.sleep(0.1)
    beats.publish(String())
    time.sleep(1.0)
    assert not asked  # the motion ended
    beats.publish(String(data="elsewhere 1"))
    silent_s = time.monotonic()
    bench.until(lambda: asked, "the cancel")
    assert asked[0] - silent_s > 0.4
    assert "has been silent for 0." in bench.said("motion_guard")

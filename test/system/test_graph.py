"""The running graph: real nodes, each a process of its own, on real DDS."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
import rclpy
from action_msgs.msg import GoalStatus
from rclpy.executors import SingleThreadedExecutor

from dreamitate_msgs.action import GenerateVideo, RunPolicy
from dreamitate_msgs.srv import CaptureStereo
from dreamitate_ros.errors import ErrorCode
from dreamitate_ros.nodes.action_client import ActionClient
from dreamitate_ros.nodes.bringup import Bringup, Settings

PATIENCE_S = 120.0
POLICY_NODES = (
    "motion_guard", "stereo_capture", "video_generator", "tool_tracker", "trajectory_executor", "policy",
)  # fmt: skip


def until(condition, what):
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, f"waited for {what}"
        time.sleep(0.02)


def wait(future):
    until(future.done, "an answer")
    return future.result()


class Caller:
    """Sends goals to the graph and listens."""

    def __init__(self):
        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self.node = rclpy.create_node("caller", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._spinning = threading.Thread(target=self._executor.spin, daemon=True)
        self._spinning.start()
        self.policy = ActionClient(self.node, RunPolicy, "run_policy")
        self.stages = []

    def send(self, **goal):
        until(self.policy.server_is_ready, "the policy")
        self.stages = []
        return wait(
            self.policy.send_goal_async(
                RunPolicy.Goal(**goal), lambda message: self.stages.append(message.feedback.stage)
            )
        )

    def run(self, **goal):
        return wait(self.send(**goal).get_result_async())

    def close(self):
        self._executor.shutdown()
        self._spinning.join(5.0)
        self.node.destroy_node()
        self._context.try_shutdown()


def is_running(pid):
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    return False


@contextmanager
def graph(folder, **settings):
    """A Bringup with a caller; afterwards no node may be left."""
    with Bringup(Settings(episodes=str(folder / "episodes"), **settings), folder / "logs") as bringup:
        caller = Caller()
        try:
            yield bringup, caller
        finally:
            caller.close()
        pids = bringup.pids()
    assert not [name for name, pid in pids.items() if is_running(pid)]


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    """The policy's nodes without cameras or arms."""
    with graph(tmp_path_factory.mktemp("policy"), simulation=False) as (bringup, caller):
        until(caller.policy.server_is_ready, "the policy")
        assert not bringup.ended()
        yield caller


def write_photos(folder, width=768, height=448):
    image = np.full((height, width, 3), 90, np.uint8)
    for view in ("top", "side"):
        cv2.imwrite(str(folder / f"{view}.png"), image)


def assert_failed(answer, code, words):
    result = answer.result
    assert (result.error_code, answer.status) == (code, GoalStatus.STATUS_ABORTED), result.error_msg
    assert words in result.error_msg
    assert (Path(result.episode_folder) / "result.json").is_file()


def test_unknown_task(policy):
    assert_failed(policy.run(task="juggle"), ErrorCode.UNKNOWN_TASK, "rotate")


def test_missing_photos(policy, tmp_path):
    answer = policy.run(task="rotate", replay_directory=str(tmp_path))
    assert_failed(answer, ErrorCode.UNREADABLE_IMAGE, "top.png")


def test_missing_clip(policy, tmp_path):
    write_photos(tmp_path)
    answer = policy.run(task="rotate", replay_directory=str(tmp_path))
    assert_failed(answer, ErrorCode.UNREADABLE_VIDEO, "clip.mp4")
    assert (Path(answer.result.episode_folder) / "top.png").is_file()


def test_clip_of_wrong_length(policy, tmp_path):
    from dreamitate_ros.generate.video_file import write_frames

    write_photos(tmp_path)
    write_frames(tmp_path / "clip.mp4", np.zeros((3, 448, 768, 3), np.uint8), 6.0)
    answer = policy.run(task="rotate", replay_directory=str(tmp_path))
    assert_failed(answer, ErrorCode.WRONG_CLIP_LENGTH, "25")


def test_silent_cameras_and_a_second_goal_and_cancel(policy):
    first = policy.send(task="rotate")
    until(lambda: "capture" in policy.stages, "the capture to start")
    second = policy.run(task="rotate")
    assert second.result.error_code == ErrorCode.BUSY
    cancelled_s = time.monotonic()
    wait(first.cancel_goal_async())
    answer = wait(first.get_result_async())
    print(f"cancelled in capture: ended after {time.monotonic() - cancelled_s:.2f} s")
    assert answer.status == GoalStatus.STATUS_CANCELED
    assert answer.result.error_code == ErrorCode.CANCELLED
    assert_failed(policy.run(task="rotate"), ErrorCode.NO_IMAGES, "camera")


def test_stages_check_their_goals_themselves(policy):
    client = ActionClient(policy.node, GenerateVideo, "generate_video")
    until(client.server_is_ready, "the generator")
    answer = wait(wait(client.send_goal_async(GenerateVideo.Goal(task="rotate"))).get_result_async())
    assert answer.status == GoalStatus.STATUS_ABORTED
    assert answer.result.error_msg


def test_stored_photos_are_cropped_to_what_the_model_sees(policy, tmp_path):
    write_photos(tmp_path, 1280, 720)
    client = policy.node.create_client(CaptureStereo, "capture_stereo")
    until(client.service_is_ready, "the capture service")
    response = wait(client.call_async(CaptureStereo.Request(photo_directory=str(tmp_path))))
    assert response.error_code == 0, response.error_msg
    assert (response.photos.top.width, response.photos.top.height) == (768, 448)
    assert len(response.photos.side.data) == 768 * 448 * 3


def start_node(name, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", f"dreamitate_ros.nodes.{name}", "--ros-args", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize(
    ("node", "parameter", "words"),
    [
        ("stereo_capture", "max_skew_s:=.nan", "max_skew_s"),
        ("stereo_capture", "rig:=nowhere.yaml", "nowhere.yaml"),
        ("video_generator", "generator:=dreams", "dreams"),
        ("video_generator", "generator:=diffusion -p model:=nowhere", "no model folder 'nowhere'"),
    ],
)
def test_a_wrong_parameter_is_one_line(node, parameter, words):
    process = start_node(node, "-p", *parameter.split())
    output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    lines = [line for line in output.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert words in lines[0]
    assert "Traceback" not in output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_two_signals_end_a_node_cleanly(number):
    process = start_node("stereo_capture", "-r", "__ns:=/alone")
    caller = Caller()
    client = caller.node.create_client(CaptureStereo, "/alone/capture_stereo")
    until(client.service_is_ready, "the node")
    caller.close()
    process.send_signal(number)
    time.sleep(0.05)
    process.send_signal(number)
    output, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, output
    assert "Traceback" not in output


def test_nodes_end_when_their_parent_is_killed(tmp_path):
    script = (
        "import sys, time; from pathlib import Path\n"
        "from dreamitate_ros.nodes.bringup import Bringup, Settings\n"
        f"with Bringup(Settings(simulation=False), Path({str(tmp_path)!r})) as bringup:\n"
        "    time.sleep(4)\n"
        "    print(*bringup.pids().values(), flush=True)\n"
        "    time.sleep(300)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    pids = [int(pid) for pid in parent.stdout.readline().split()]
    assert len(pids) == len(POLICY_NODES)
    assert all(is_running(pid) for pid in pids)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    until(lambda: not any(is_running(pid) for pid in pids), "the nodes to end")

"""The recorder over real DDS: takes begin and end by service, and a kill -9 in the middle loses nothing."""

import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger

from dreamitate_ros.generate.diffusion.train.demonstrations import list_demonstrations
from dreamitate_ros.generate.video_file import read_frames
from dreamitate_ros.nodes.bringup import environment
from dreamitate_ros.nodes.images import image_message
from dreamitate_ros.nodes.messages import time_message

FPS, PATIENCE_S = 20.0, 60.0
SIZE = (180, 320)


class TwoCameras:
    """Publishes top/color and side/color, the side one `skew_s` later."""

    def __init__(self, node):
        self._node, self.skew_s, self._index, self._stamp_s = node, 0.004, 0, 0.0
        self._publishers = [
            node.create_publisher(Image, f"{view}/color/image_raw", 5) for view in ("top", "side")
        ]
        node.create_timer(1 / FPS, self._publish)

    def _publish(self):
        self._index += 1
        picture = np.full((*SIZE, 3), 40 + self._index % 150, np.uint8)
        now_s = self._node.get_clock().now().nanoseconds * 1e-9
        self._stamp_s += 1 / FPS  # even on a machine whose timers are not
        if abs(now_s - self._stamp_s) > 0.5:
            self._stamp_s = now_s
        for publisher, later_s in zip(self._publishers, (0.0, self.skew_s), strict=True):
            publisher.publish(image_message(picture, time_message(self._stamp_s + later_s), "camera"))


@pytest.fixture
def bench(spun):
    node = spun("bench")
    return node, TwoCameras(node)


def start(folder):
    chosen = {"folder": str(folder), "check_tracking": False, "camera_fps": FPS, "caption": "turn the box"}
    words = [word for name, value in chosen.items() for word in ("-p", f"{name}:={json.dumps(value)}")]
    return subprocess.Popen(
        [sys.executable, "-m", "dreamitate_ros.nodes.start", "demonstration_recorder", "--ros-args", *words],
        env=os.environ | environment(simulation=True),
    )


def ask(node, name):
    client = node.create_client(Trigger, f"demonstration_recorder/{name}")
    assert client.wait_for_service(PATIENCE_S)
    answer = client.call_async(Trigger.Request())
    until(answer.done, f"the answer of {name}")
    node.destroy_client(client)
    return answer.result()


def until(condition, what):
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, f"waited for {what}"
        time.sleep(0.05)


def begin(node):
    """A take begins as soon as both cameras are heard."""
    until(lambda: ask(node, "start").success, "both cameras")


def pairs(folder):
    return sum(path.read_text().count("\n") for path in (folder / "unfinished").glob("*.stamps"))


@pytest.mark.timeout(300)
def test_takes_by_service_and_none_lost_by_a_kill(bench, tmp_path):
    node, cameras = bench
    folder = tmp_path / "takes"
    recorder = start(folder)
    try:
        begin(node)
        assert "stop it first" in ask(node, "start").message
        until(lambda: pairs(folder) >= 40, "40 pairs")
        recorder.kill()
        recorder.wait()
        written = pairs(folder)
        gone = "demonstration_recorder/summary"
        until(lambda: node.count_services(gone) == 0, "the loss of the killed recorder")

        recorder = start(folder)
        summary = ask(node, "summary").message
        assert summary.startswith("1 good takes of 1"), summary
        (found,) = list_demonstrations(folder / "demonstrations.txt")
        assert found.caption == "turn the box"
        assert len(read_frames(found.top)) == len(read_frames(found.side)) == written

        cameras.skew_s = 0.045  # within what is paired
        begin(node)
        cameras.skew_s = 0.2
        until(lambda: pairs(folder) >= 3, "3 pairs")
        stopped = ask(node, "toggle")
        assert stopped.success and "take 2: REJECTED" in stopped.message, stopped.message
        assert ask(node, "summary").message.startswith("1 good takes of 2")
    finally:
        recorder.terminate()
        assert recorder.wait(PATIENCE_S) == 0


@pytest.mark.timeout(300)
def test_keys_record_a_take_and_the_command_says_what_became_of_it(bench, tmp_path):

    folder = tmp_path / "takes"
    command = ["record", "--output", str(folder), "--no-tracking-check", "--camera-fps", f"{FPS:g}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "dreamitate_ros.cli", *command],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | environment(simulation=True),
    )  # fmt: skip

    def press(key):
        process.stdin.write(key)
        process.stdin.flush()

    def says(words):
        return next(line for line in process.stdout if words in line)

    try:
        says("ready; 0 good takes")
        time.sleep(1.0)
        press(" ")
        while "recording" not in (line := next(process.stdout)):
            assert "camera" in line, line  # not both cameras are heard yet
            press(" ")
        until(lambda: pairs(folder) >= 40, "40 pairs")
        press(" ")
        assert "take 1: good" in says("take 1")
        press("q")
        assert says("good takes of").startswith("1 good takes of 1")
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()
        process.wait()
    assert len(list_demonstrations(folder / "demonstrations.txt")) == 1

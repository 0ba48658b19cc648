"""`dreamitate doctor --hardware` beside a living cell of which parts are taken away."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import rclpy
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.executors import MultiThreadedExecutor
from sensor_msgs.msg import CameraInfo, Image

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.nodes.bringup import environment
from dreamitate_ros.nodes.hardware_doctor import Cell, examine_hardware
from dreamitate_ros.nodes.images import image_message
from dreamitate_ros.nodes.messages import camera_info_message
from dreamitate_ros.nodes.services import call
from dreamitate_ros.rig import load_rig
from dreamitate_ros.simulate.scene import photo_cameras

PATIENCE_S = 90.0


class Bench:
    """Cameras that cost nothing to draw, and a hand on the cell's faults."""

    def __init__(self, node):
        self._node, self.silent = node, ""
        self._cameras = photo_cameras(load_rig(config_directory() / "rigs" / "cell.yaml"))
        self._publishers = {
            view: (
                node.create_publisher(Image, f"bench_{view}/color/image_raw", 5),
                node.create_publisher(CameraInfo, f"bench_{view}/color/camera_info", 5),
            )
            for view in ("top", "side")
        }
        self._faults = node.create_client(SetParameters, "simulated_cell/set_parameters")
        node.create_timer(0.1, self._publish)

    def break_cell(self, fault):
        value = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=fault)
        request = SetParameters.Request(parameters=[Parameter(name="fault", value=value)])
        answer = call(self._faults, request, PATIENCE_S, lambda: False, "the cell")
        assert answer.results[0].successful

    def _publish(self):
        stamp = self._node.get_clock().now().to_msg()
        for view, (image, info) in self._publishers.items():
            if view != self.silent:
                image.publish(image_message(np.zeros((8, 8, 3), np.uint8), stamp, view))
                info.publish(camera_info_message(self._cameras[view], stamp, view))


@pytest.fixture
def bench():
    cell = subprocess.Popen(
        [sys.executable, "-m", "dreamitate_ros.nodes.start", "faulty_cell"],
        env=os.environ | environment(simulation=True),
    )
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node("bench", context=context)
    executor = MultiThreadedExecutor(num_threads=2, context=context)
    executor.add_node(node)
    spinning = threading.Thread(target=executor.spin, daemon=True)
    try:
        result = Bench(node)
        spinning.start()
        yield result
    finally:
        cell.send_signal(signal.SIGINT)
        executor.shutdown(timeout_sec=2.0)
        spinning.join(2.0)
        node.destroy_node()
        context.try_shutdown()
        cell.wait(PATIENCE_S)


def wrong(**chosen):
    given = {
        "top_camera": "bench_top/color",
        "side_camera": "bench_side/color",
        "camera_fps": 2.0,
        "stale_s": 2.0,
        **chosen,
    }
    checks = examine_hardware(Cell(**{"seconds": 3.0, **given}))
    return {check.name: f"{check.found} -> {check.fix}" for check in checks if not check.ok}


def until(condition, **chosen):
    """What is wrong as soon as `condition` holds of it; a busy machine hears everything a little later."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition(found := wrong(**chosen)):
        assert time.monotonic() < deadline_s, found
    return found


@pytest.mark.timeout(400)
def test_the_whole_cell_is_well_and_what_is_taken_away_is_named(bench):
    until(lambda found: not found)

    found = wrong(top_camera="nowhere/color", controller="other_controller")
    assert "nobody publishes nowhere/color/image_raw" in found["top camera"]
    assert "nowhere/color/camera_info is silent" in found["top camera_info"]
    assert "left/other_controller/follow_joint_trajectory" in found["left controller"]
    assert "side camera_info" not in found

    bench.silent = "side"
    assert "is silent" in until(lambda found: "side camera" in found)["side camera"]
    bench.silent = ""

    for fault, name, words in (
        ("protective_stop", "left robot", "protective stop"),
        ("stale_joint_states", "left joints", "no joint states"),
        ("action_server_gone", "left controller", "nobody serves left/"),
    ):
        bench.break_cell(fault)
        assert words in until(lambda found, name=name: name in found)[name]

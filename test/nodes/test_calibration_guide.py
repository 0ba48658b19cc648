"""The guide over real DDS: photos, transforms and joint states come in, a rig goes out, and each refusal is told."""

import importlib.util
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import rclpy
from geometry_msgs.msg import TransformStamped
from rclpy.executors import MultiThreadedExecutor
from rclpy.parameter import Parameter
from sensor_msgs.msg import CameraInfo, Image, JointState
from std_srvs.srv import Trigger
from tf2_msgs.msg import TFMessage

from dreamitate_ros.calibrate.board import Board
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.execute.kinematics import flange_pose
from dreamitate_ros.execute.ur5e import HOME_RAD, joint_names
from dreamitate_ros.geometry import angle_rad, inverse
from dreamitate_ros.nodes.bringup import environment
from dreamitate_ros.nodes.calibration_guide import CalibrationGuide
from dreamitate_ros.nodes.images import image_message
from dreamitate_ros.nodes.messages import camera_info_message, pose_message
from dreamitate_ros.rig import load_rig
from dreamitate_ros.simulate.scene import photo_cameras

_SPEC = importlib.util.spec_from_file_location("cell", Path(__file__).parents[1] / "calibrate" / "cell.py")
board_cell = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(board_cell)

PATIENCE_S = 60.0
POSES = 12
RIG = load_rig(config_directory() / "rigs" / "cell.yaml")
BOARD = Board(thickness_m=0.003)


def until(condition, what):
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, f"waited for {what}"
        time.sleep(0.02)


class Lab:
    """Publishes what the drivers of two cameras and the left arm do, for one place of the board after the other."""

    def __init__(self, node):
        self._node, self._place, self.speed_rad_s = node, None, 0.0
        self.arm_silent_until_s = 0.0
        self._cameras = photo_cameras(RIG)
        self._images = {
            view: node.create_publisher(Image, f"{view}/color/image_raw", 5) for view in self._cameras
        }
        self._infos = {
            view: node.create_publisher(CameraInfo, f"{view}/color/camera_info", 5) for view in self._cameras
        }
        self._frames = node.create_publisher(TFMessage, "/tf", 10)
        self._joints = node.create_publisher(JointState, "joint_states", 10)
        node.create_timer(0.1, self._tell_arm)
        node.create_timer(0.2, self._tell_cameras)

    def show(self, place):
        """From now on; returns from which stamp on, in s."""
        self._place = place
        return self._node.get_clock().now().nanoseconds * 1e-9

    def _tell_arm(self):
        if time.monotonic() < self.arm_silent_until_s:
            return
        joints = HOME_RAD["left"]
        if self._place is not None and self._place.joints_rad is not None:
            joints = self._place.joints_rad
        frame = TransformStamped(child_frame_id="left_tool0")
        frame.header.frame_id, frame.header.stamp = "left_base_link", self._node.get_clock().now().to_msg()
        pose = pose_message(flange_pose(joints))
        frame.transform.rotation = pose.orientation
        for axis in "xyz":
            setattr(frame.transform.translation, axis, getattr(pose.position, axis))
        self._frames.publish(TFMessage(transforms=[frame]))
        names, speeds = list(joint_names("left")), [self.speed_rad_s] * 6
        self._joints.publish(JointState(name=names, position=joints.tolist(), velocity=speeds))

    def _tell_cameras(self):
        if self._place is None:
            return
        stamp = self._node.get_clock().now().to_msg()
        for view, photo in self._place.photos.items():
            self._images[view].publish(image_message(photo, stamp, view))
            self._infos[view].publish(camera_info_message(self._cameras[view], stamp, view))


class Bench:
    """The guide, a lab, and a hand that calls its services."""

    def __init__(self, folder):
        words = [word for name in ("folder", "output") for word in ("-p", f"{name}:={folder / name}")]
        rclpy.init(args=["--ros-args", *words])
        self.guide, self._caller = CalibrationGuide(), rclpy.create_node("lab")
        self.lab = Lab(self._caller)
        self._executor = MultiThreadedExecutor(num_threads=6)
        for node in (self.guide, self._caller):
            self._executor.add_node(node)
        self._spinning = threading.Thread(target=self._executor.spin, daemon=True)
        self._spinning.start()

    def ask(self, name):
        client = self._caller.create_client(Trigger, f"calibration_guide/{name}")
        assert client.wait_for_service(PATIENCE_S)
        answer = client.call_async(Trigger.Request())
        until(answer.done, f"the answer of {name}")
        return answer.result()

    def add(self, place):
        self.guide.set_parameters([Parameter("held_by", value=place.held_by)])
        since_s = self.lab.show(place)
        until(lambda: self._seen_s() > since_s + 0.3, "photos of the place")
        return self.ask("add_pose")

    def _seen_s(self):
        try:
            return self.guide._cameras.pair().top_stamp_s
        except DreamitateError:
            return 0.0

    def close(self):
        self._executor.shutdown()
        self._spinning.join(5.0)
        for node in (self.guide, self._caller):
            node.destroy_node()
        rclpy.try_shutdown()


@pytest.fixture
def bench(tmp_path, monkeypatch):
    for name, value in environment(simulation=True).items():
        monkeypatch.setitem(os.environ, name, value)
    bench = Bench(tmp_path)
    yield bench
    bench.close()


@pytest.fixture(scope="module")
def places():
    cell = board_cell.BoardCell(RIG, BOARD)
    held = [cell.held(joints_rad) for joints_rad in board_cell.reachable(RIG, BOARD, POSES, seed=3)]
    yield [cell.on_table(BOARD.thickness_m), *held]
    cell.close()


@pytest.mark.timeout(280)
def test_poses_taken_by_service_become_a_rig(bench, places, tmp_path):
    assert "camera_info is silent" in bench.ask("add_pose").message
    first = bench.add(places[0])
    assert first.success and first.message.startswith("pose 0 taken, seen by top"), first.message
    missing = bench.ask("solve")
    assert not missing.success and "both cameras see the board in 1 poses only" in missing.message

    bench.lab.speed_rad_s = 0.2
    until(lambda: bench.guide._moving.get("left"), "joint states")
    assert "the left arm still moves" in bench.add(places[1]).message
    bench.lab.speed_rad_s = 0.0
    until(lambda: not bench.guide._moving["left"], "joint states")

    bench.lab.arm_silent_until_s = time.monotonic() + 2.0
    time.sleep(1.0)
    for place in places[1:]:
        taken = bench.add(place)
        assert taken.success, taken.message
    assert bench.ask("remove_last_pose").message.startswith(f"pose {POSES} removed")
    solved = bench.ask("solve")
    assert solved.success and "base_from_top of the left arm: known to" in solved.message, solved.message
    apart = inverse(RIG.base_from_top["left"]) @ load_rig(tmp_path / "output").base_from_top["left"]
    off_mm, off_deg = 1e3 * np.linalg.norm(apart[:3, 3]), np.rad2deg(angle_rad(apart))
    print(f"camera to base: {off_mm:.2f} mm, {off_deg:.3f} deg")
    assert off_mm < 2.0 and off_deg < 0.2

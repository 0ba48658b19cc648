"""Listens to cameras, arms and transforms for some seconds, and says what is wrong: `dreamitate doctor --hardware`."""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import rclpy
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image, JointState

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.doctor import Check
from dreamitate_ros.doctor_hardware import (
    ArmSeen,
    CameraSeen,
    arm_checks,
    camera_checks,
    check_rig,
    check_skew,
)
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.execute.safety import STALE_S
from dreamitate_ros.nodes import messages
from dreamitate_ros.nodes.arm_client import ArmClient
from dreamitate_ros.nodes.bringup import environment
from dreamitate_ros.nodes.controller_states import ControllerStates
from dreamitate_ros.nodes.transforms import Transforms
from dreamitate_ros.rig import load_rig
from dreamitate_ros.task import load_task

MAX_SKEW_S = 0.05
FRAME_AGE_S = 5.0


@dataclass(frozen=True)
class Cell:
    """What a person says the cell has. rig: None: the simulated cell's. mock: arms without modes.

    top_camera, side_camera: namespaces. camera_fps: that both should send. max_age_s: of images as they arrive.
    stale_s: trajectory_executor's.
    seconds: how long to listen.
    """

    task: str = "rotate"
    rig: Path | None = None
    top_camera: str = "top/color"
    side_camera: str = "side/color"
    camera_fps: float = 30.0
    max_age_s: float = 1.0
    stale_s: float = STALE_S
    controller: str = "scaled_joint_trajectory_controller"
    mock: bool = False
    seconds: float = 5.0


def examine_hardware(cell: Cell) -> list[Check]:
    """All checks, in the order a person would fix them; raises DreamitateError for a wrong task or rig file."""
    config = config_directory()
    task = load_task(cell.task, config)
    path = cell.rig or config / "rigs" / "cell.yaml"
    rig = load_rig(path)
    os.environ.update(environment(simulation=False))
    with _listener(cell, sorted(task.arm_tools)) as listener:
        time.sleep(cell.seconds)
        cameras = {view: camera.seen() for view, camera in listener.cameras.items()}
        arms = {arm: listener.arm(arm) for arm in sorted(task.arm_tools)}
    return [
        check_rig(rig, str(path), task, datetime.now(UTC)),
        *(
            check
            for view, seen in cameras.items()
            for check in camera_checks(view, seen, rig, cell.camera_fps, cell.max_age_s)
        ),
        check_skew(cameras["top"], cameras["side"], MAX_SKEW_S),
        *(check for arm, seen in arms.items() for check in arm_checks(arm, seen, rig, cell.stale_s)),
    ]


@contextmanager
def _listener(cell: Cell, arms: list[str]) -> Iterator["_Listener"]:
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node("hardware_doctor", context=context)
    executor = MultiThreadedExecutor(num_threads=4, context=context)
    executor.add_node(node)
    ending = threading.Event()

    def spin() -> None:
        while not ending.is_set():
            executor.spin_once(timeout_sec=0.1)

    spinning = threading.Thread(target=spin, daemon=True)
    try:
        listener = _Listener(node, cell, arms)
        spinning.start()
        yield listener
    finally:
        ending.set()  # before the executor: one that is shut down while it waits complains
        if spinning.is_alive():
            spinning.join(2.0)
        executor.shutdown(timeout_sec=2.0)
        node.destroy_node()
        rclpy.try_shutdown(context=context)


class _Listener:
    def __init__(self, node: Node, cell: Cell, arms: list[str]) -> None:
        self._node, self._cell = node, cell
        self._transforms = Transforms(node)
        self.cameras = {
            view: _Camera(node, view, topic, self._transforms)
            for view, topic in (("top", cell.top_camera), ("side", cell.side_camera))
        }
        self._status = {arm: "" if cell.mock else f"{arm}/io_and_status_controller" for arm in arms}
        self._clients = {
            arm: ArmClient(
                node,
                arm,
                f"{arm}/{cell.controller}",
                self._status[arm],
                f"{arm}/speed_scaling_state_broadcaster",
            )
            for arm in arms
        }
        self._controllers = {arm: ControllerStates(node, f"/{arm}/controller_manager") for arm in arms}
        self._heard: dict[str, list[float]] = {}
        node.create_subscription(JointState, "joint_states", self._take_joints, qos_profile_sensor_data)

    def arm(self, arm: str) -> ArmSeen:
        client, now_s = self._clients[arm], _now_s(self._node)
        heard_s = self._heard.get(f"{arm}_shoulder_pan_joint", [])
        try:
            state = client.state()
        except DreamitateError:
            state = None
        return ArmSeen(
            controller=f"{arm}/{self._cell.controller}",
            status=self._status[arm],
            controller_there=client.there(),
            controller_state=self._controllers[arm].of(self._cell.controller),
            state=state,
            joint_hz=len(heard_s) / self._cell.seconds,
            joint_gap_s=float(np.diff([*heard_s, time.monotonic()]).max(initial=0.0)),
            joints_heard=list(self._heard),
            world_from_base=self._transforms.find("world", f"{arm}_base_link", now_s, np.inf),
            base_from_tool0=self._transforms.find(f"{arm}_base_link", f"{arm}_tool0", now_s, FRAME_AGE_S),
        )

    def _take_joints(self, message: JointState) -> None:
        for name in message.name:
            self._heard.setdefault(name, []).append(time.monotonic())
        for client in self._clients.values():
            client.take_joints(message)


class _Camera:
    def __init__(self, node: Node, view: str, topic: str, transforms: Transforms) -> None:
        self._node, self._view, self._topic, self._transforms = node, view, topic, transforms
        self._times_s: list[tuple[float, float]] = []
        self._info: CameraInfo | None = None
        node.create_subscription(Image, f"{topic}/image_raw", self._take, qos_profile_sensor_data)
        node.create_subscription(CameraInfo, f"{topic}/camera_info", self._take_info, qos_profile_sensor_data)

    def seen(self) -> CameraSeen:
        times_s, info = np.array(self._times_s).reshape(-1, 2), self._info
        return CameraSeen(
            topic=self._topic,
            publishers=self._node.count_publishers(f"{self._topic}/image_raw"),
            stamps_s=np.unique(times_s[:, 0]),
            ages_s=times_s[:, 1] - times_s[:, 0],
            camera=None if info is None else messages.camera(info),
            distortion=None if info is None else np.array(info.d, float),
            world_from_camera=self._transforms.find(
                "world", f"{self._view}_color_optical_frame", _now_s(self._node), np.inf
            ),
        )

    def _take(self, message: Image) -> None:
        self._times_s.append((messages.seconds(message.header.stamp), _now_s(self._node)))

    def _take_info(self, message: CameraInfo) -> None:
        self._info = message


def _now_s(node: Node) -> float:
    return float(node.get_clock().now().nanoseconds * 1e-9)

"""Guides a person through a calibration: shows what the cameras see, takes poses, says which one to add, solves.

`ros2 service call /calibration_guide/add_pose std_srvs/srv/Trigger` for each pose, then `solve`. Where the board is:
`ros2 param set /calibration_guide held_by left` (right, table, hand).
"""

import sys
import threading
import time
from pathlib import Path

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from sensor_msgs.msg import Image, JointState
from std_msgs.msg import String
from std_srvs.srv import Trigger

from dreamitate_ros.calibrate.board import Board
from dreamitate_ros.calibrate.calibration import report, write_rig
from dreamitate_ros.calibrate.command import board_from_text
from dreamitate_ros.calibrate.guided import GuidedCalibration
from dreamitate_ros.calibrate.recording import ARMS, HAND, TABLE
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.safety import STILL_RAD_S
from dreamitate_ros.execute.ur5e import joint_names
from dreamitate_ros.nodes import parameters
from dreamitate_ros.nodes.images import image_message
from dreamitate_ros.nodes.lifetime import run_node
from dreamitate_ros.nodes.live_cameras import LiveCameras
from dreamitate_ros.nodes.transforms import Transforms
from dreamitate_ros.values import Array

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
PREVIEW_EVERY_S = 0.5
FRESH_S, WAIT_S, POLL_S = 0.5, 3.0, 0.02  # of the flange's transform; a busy computer brings it late
MODEL_SIZE = (768, 448)  # the rig's images: what the video model sees


class CalibrationGuide(Node):
    """Services ~/add_pose, ~/remove_last_pose, ~/solve; topics ~/guidance and ~/overlay/{top,side}."""

    def __init__(self) -> None:
        super().__init__("calibration_guide")
        self._folder = Path(parameters.text(self, "folder", "calibration", "for photos and recording.yaml"))
        self._output = Path(parameters.text(self, "output", "rig.yaml", "rig file that solve writes"))
        board = parameters.text(self, "board", "", f"like columns=7,rows=5,...; empty: {Board()}")
        self._board = board_from_text(board)
        about = ParameterDescriptor(description="who holds the board: left, right, table or hand")
        self.declare_parameter("held_by", "left", about)
        self._frames = {
            arm: (
                parameters.text(self, f"{arm}_base_frame", f"{arm}_base_link", f"base of the {arm} arm"),
                parameters.text(self, f"{arm}_flange_frame", f"{arm}_tool0", f"flange of the {arm} arm"),
            )
            for arm in ARMS
        }
        self._cameras, self._transforms = LiveCameras(self), Transforms(self)
        self._moving: dict[str, bool] = {}
        self._guided: GuidedCalibration | None = None
        self._lock = threading.Lock()
        self._guidance = self.create_publisher(String, "~/guidance", LATCHED)
        self._overlays = {
            view: self.create_publisher(Image, f"~/overlay/{view}", 1) for view in ("top", "side")
        }
        self.create_subscription(JointState, "joint_states", self._take_joints, qos_profile_sensor_data)
        group = ReentrantCallbackGroup()
        for name, act in (
            ("add_pose", self._add),
            ("remove_last_pose", self._remove),
            ("solve", self._solve),
        ):
            self.create_service(Trigger, f"~/{name}", self._answering(act), callback_group=group)
        self.create_timer(PREVIEW_EVERY_S, self._preview, callback_group=MutuallyExclusiveCallbackGroup())
        self._say("waiting for the cameras")

    def _add(self) -> str:
        held_by = self.get_parameter("held_by").value
        if held_by not in (*ARMS, TABLE, HAND):
            raise DreamitateError(
                ErrorCode.INVALID_PARAMETER, f"held_by must be left, right, table or hand, found '{held_by}'"
            )
        if self._moving.get(held_by, False):
            raise DreamitateError(
                ErrorCode.ROBOT_NOT_READY, f"the {held_by} arm still moves; take the pose when it rests"
            )
        flange = self._flange(held_by) if held_by in ARMS else None
        return self._calibration().add(self._cameras.pair(), held_by, flange)

    def _remove(self) -> str:
        return self._calibration().remove_last()

    def _solve(self) -> str:
        calibration = self._calibration().solve()
        write_rig(self._output, calibration, *MODEL_SIZE)
        return "\n".join([*report(calibration), f"written: {self._output}"])

    def _calibration(self) -> GuidedCalibration:
        """Begun with the first camera_info of both cameras."""
        if self._guided is None:
            self._guided = GuidedCalibration(self._folder, self._board, self._cameras.cameras())
        return self._guided

    def _flange(self, arm: str) -> Array | None:
        """As the driver's transforms tell it: they know how this very arm was built."""
        give_up_s = time.monotonic() + WAIT_S
        while True:
            now_s = self.get_clock().now().nanoseconds * 1e-9
            flange = self._transforms.find(*self._frames[arm], now_s, FRESH_S)
            if flange is not None or time.monotonic() > give_up_s:
                return flange
            time.sleep(POLL_S)

    def _preview(self) -> None:
        try:
            with self._lock:
                guided, photos = self._calibration(), self._cameras.pair()
                if len(guided) == 0:
                    self._say(guided.next_step())
        except DreamitateError as error:
            self._say(error.message)
            return
        for view, publisher in self._overlays.items():
            if publisher.get_subscription_count():
                publisher.publish(image_message(guided.overlay(getattr(photos, view), view)))

    def _answering(self, act):
        def answer(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            with self._lock:
                try:
                    response.message, response.success = act(), True
                except DreamitateError as error:
                    response.message = error.message
            self.get_logger().info(response.message)
            self._say(response.message)
            return response

        return answer

    def _say(self, text: str) -> None:
        self._guidance.publish(String(data=text))

    def _take_joints(self, message: JointState) -> None:
        speeds = dict(zip(message.name, message.velocity, strict=False))
        for arm in ARMS:
            if all(name in speeds for name in joint_names(arm)):
                self._moving[arm] = any(abs(speeds[name]) > STILL_RAD_S for name in joint_names(arm))


def main() -> int:
    """Entry point of `ros2 run dreamitate_ros calibration_guide`."""
    return run_node(CalibrationGuide)


if __name__ == "__main__":
    sys.exit(main())

"""Service capture_stereo: a photo pair from two cameras (or from disk), cropped to what the model sees."""

import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image

from dreamitate_msgs.srv import CaptureStereo
from dreamitate_ros.capture.framing import crop_camera
from dreamitate_ros.capture.pairing import VIEWS, StereoPairer, View
from dreamitate_ros.capture.photos import crop_photos, read_photos
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.nodes import messages, parameters
from dreamitate_ros.nodes.images import image_array
from dreamitate_ros.nodes.lifetime import run_node
from dreamitate_ros.values import Camera, StereoImage

POLL_S = 0.05
INTRINSICS_TOLERANCE = 0.02  # of the focal length; more is another camera, lens or resolution


class StereoCapture(Node):
    """Subscribes to the cameras while a photo is asked for, so that idle cameras cost nothing."""

    def __init__(self) -> None:
        super().__init__("stereo_capture")
        self._rig = parameters.rig(self)
        self._cameras: dict[View, str] = {
            view: parameters.text(
                self, f"{view}_camera", f"{view}/color", f"namespace of the {view} camera's topics"
            )
            for view in VIEWS
        }
        self._max_skew_s = parameters.number(
            self, "max_skew_s", 0.05, "largest time between the exposures", 0, 10
        )
        self._max_age_s = parameters.number(self, "max_age_s", 1.0, "largest age of a photo", 0.01, 60)
        self._wait_s = parameters.number(self, "wait_s", 5.0, "how long to wait for a pair", 0.1, 120)
        self._group = ReentrantCallbackGroup()
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self.create_service(CaptureStereo, "capture_stereo", self._serve, callback_group=self._group)

    def _serve(
        self, request: CaptureStereo.Request, response: CaptureStereo.Response
    ) -> CaptureStereo.Response:
        try:
            photos = self._stored(Path(request.photo_directory)) if request.photo_directory else self._live()
        except DreamitateError as error:
            self.get_logger().error(error.message)
            self._diagnose(DiagnosticStatus.ERROR, error.message)
            response.error_code, response.error_msg = int(error.code), error.message
            return response
        self._diagnose(DiagnosticStatus.OK, "photo pair taken", skew_s=photos.skew_s)
        cropped = crop_photos(photos, self._rig.top.width, self._rig.top.height)
        response.photos = messages.stereo_pair_message(cropped, self._rig.top, self._rig.side)
        return response

    def _stored(self, directory: Path) -> StereoImage:
        photos, now_s = read_photos(directory), self._now_s()
        return StereoImage(photos.top, photos.side, now_s, now_s)

    def _live(self) -> StereoImage:
        """The first good pair within wait_s; raises what is wrong with the cameras then."""
        pairer: StereoPairer[Image] = StereoPairer(self._max_skew_s, self._max_age_s)
        infos: dict[View, CameraInfo] = {}
        subscriptions = [sub for view in VIEWS for sub in self._subscribe(view, pairer, infos)]
        try:
            (_, top), (_, side) = self._await_pair(pairer, infos)
        finally:
            for subscription in subscriptions:
                self.destroy_subscription(subscription)
        for view, camera in (("top", self._rig.top), ("side", self._rig.side)):
            _require_same_camera(view, messages.camera(infos[view]), camera)
        return StereoImage(
            image_array(top),
            image_array(side),
            messages.seconds(top.header.stamp),
            messages.seconds(side.header.stamp),
        )

    def _subscribe(self, view: View, pairer: StereoPairer[Image], infos: dict[View, CameraInfo]) -> tuple:
        def image(message: Image) -> None:
            pairer.add(view, messages.seconds(message.header.stamp), message)

        subscribe = partial(
            self.create_subscription, qos_profile=qos_profile_sensor_data, callback_group=self._group
        )
        return (
            subscribe(Image, f"{self._cameras[view]}/image_raw", image),
            subscribe(
                CameraInfo, f"{self._cameras[view]}/camera_info", lambda info: infos.update({view: info})
            ),
        )

    def _await_pair(
        self, pairer: StereoPairer[Image], infos: dict[View, CameraInfo]
    ) -> tuple[tuple[float, Image], tuple[float, Image]]:
        deadline_s = time.monotonic() + self._wait_s
        while True:
            time.sleep(POLL_S)
            try:
                pair = pairer.pair(self._now_s())
                self._require_infos(infos)
                return pair
            except DreamitateError:
                if time.monotonic() > deadline_s:
                    raise

    def _require_infos(self, infos: dict[View, CameraInfo]) -> None:
        for view in VIEWS:
            if view not in infos:
                raise DreamitateError(
                    ErrorCode.NO_IMAGES,
                    f"{self._cameras[view]}/camera_info is silent; the {view} camera must publish it",
                )

    def _diagnose(self, level: bytes, message: str, **facts: float) -> None:
        values = [KeyValue(key=name, value=f"{value:.4f}") for name, value in facts.items()]
        status = DiagnosticStatus(name="stereo_capture", level=level, message=message, values=values)
        array = DiagnosticArray(status=[status])
        array.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(array)

    def _now_s(self) -> float:
        return float(self.get_clock().now().nanoseconds * 1e-9)


def _require_same_camera(view: str, published: Camera, calibrated: Camera) -> None:
    """The camera that publishes is the one the rig was calibrated with; raises CAMERA_MISMATCH."""
    cropped = crop_camera(published, calibrated.width, calibrated.height)
    off = float(np.abs(cropped.K - calibrated.K).max() / calibrated.K[0, 0])
    if off > INTRINSICS_TOLERANCE:
        raise DreamitateError(
            ErrorCode.CAMERA_MISMATCH,
            f"the {view} camera's camera_info differs from the rig's by {100 * off:.0f} % of the focal length"
            f" (at most {100 * INTRINSICS_TOLERANCE:.0f} %); is it the camera and resolution that were calibrated?",
        )


def main() -> int:
    """Entry point of `ros2 run dreamitate_ros stereo_capture`."""
    return run_node(StereoCapture)


if __name__ == "__main__":
    sys.exit(main())

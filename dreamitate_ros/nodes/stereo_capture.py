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
from dreamitate_ros.capture.camera_check import require_same_camera
from dreamitate_ros.capture.pairing import VIEWS, StereoPairer, View
from dreamitate_ros.capture.photos import crop_photos, read_photos
from dreamitate_ros.capture.several import average, is_settled
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.nodes import messages, parameters
from dreamitate_ros.nodes.images import image_array
from dreamitate_ros.nodes.lifetime import run_node
from dreamitate_ros.values import StereoImage

POLL_S = 0.05


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
        self._frames = int(
            parameters.number(self, "frames", 1, "photo pairs to average, equally bright and still", 1, 30)
        )
        self._settle_s = parameters.number(
            self, "settle_s", 4.0, "how long exposure may take to settle", 0, 60
        )
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
        """The mean of `frames` good pairs in a row, exposure settled; raises what is wrong with the cameras."""
        pairer: StereoPairer[Image] = StereoPairer(self._max_skew_s, self._max_age_s)
        infos: dict[View, CameraInfo] = {}
        subscriptions = [sub for view in VIEWS for sub in self._subscribe(view, pairer, infos)]
        try:
            pairs = [self._await_pair(pairer, infos, after_s=0.0)]
            self._require_cameras(infos)
            deadline_s = time.monotonic() + self._settle_s
            while len(pairs) < self._frames:
                newer = self._await_pair(pairer, infos, after_s=pairs[-1].top_stamp_s)
                pairs = [*pairs, newer] if is_settled(pairs[-1], newer) else [newer]
                if len(pairs) < self._frames and time.monotonic() > deadline_s:
                    raise self._unsettled()
        finally:
            for subscription in subscriptions:
                self.destroy_subscription(subscription)
        return average(pairs)

    def _unsettled(self) -> DreamitateError:
        return DreamitateError(
            ErrorCode.EXPOSURE_UNSETTLED,
            f"no {self._frames} photo pairs in a row were equally bright within {self._settle_s:g} s; keep the light"
            " steady, or fix the cameras' exposure (rgb_camera.enable_auto_exposure:=false)",
        )

    def _require_cameras(self, infos: dict[View, CameraInfo]) -> None:
        for view, calibrated in (("top", self._rig.top), ("side", self._rig.side)):
            info = infos[view]
            require_same_camera(view, messages.camera(info), np.array(info.d, float), calibrated)

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
        self, pairer: StereoPairer[Image], infos: dict[View, CameraInfo], after_s: float
    ) -> StereoImage:
        """The next pair whose images are both newer than after_s."""
        deadline_s = time.monotonic() + self._wait_s
        while True:
            time.sleep(POLL_S)
            try:
                (top_s, top), (side_s, side) = pairer.pair(self._now_s())
                self._require_infos(infos)
            except DreamitateError:
                if time.monotonic() > deadline_s:
                    raise
                continue
            if min(top_s, side_s) > after_s:
                return StereoImage(image_array(top), image_array(side), top_s, side_s)
            if time.monotonic() > deadline_s:
                raise DreamitateError(
                    ErrorCode.IMAGES_STALE,
                    f"no newer photo pair came within {self._wait_s:g} s; check the cameras",
                )

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


def main() -> int:
    """Entry point of `ros2 run dreamitate_ros stereo_capture`."""
    return run_node(StereoCapture)


if __name__ == "__main__":
    sys.exit(main())

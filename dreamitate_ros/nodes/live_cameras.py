"""Both cameras, listened to all the time: whole images in pairs, and the cameras they come from."""

from collections.abc import Callable

import numpy as np
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image

from dreamitate_ros.capture.pairing import VIEWS, StereoPairer, View
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.nodes import messages, parameters
from dreamitate_ros.nodes.images import image_array
from dreamitate_ros.values import Camera, StereoImage

Taker = Callable[[View, float, Image], None]
"""Called with the view, the stamp in s and the image, for every image that arrives."""


class LiveCameras:
    """Declares top_camera, side_camera, max_skew_s and max_age_s; thread-safe."""

    def __init__(self, node: Node, take: Taker | None = None) -> None:
        self._node, self._take = node, take
        self._names = {
            view: parameters.text(
                node, f"{view}_camera", f"{view}/color", f"namespace of the {view} camera's topics"
            )
            for view in VIEWS
        }
        self.max_skew_s = parameters.number(
            node, "max_skew_s", 0.05, "largest time between the exposures", 0, 10
        )
        self._pairer: StereoPairer[Image] = StereoPairer(
            self.max_skew_s, parameters.number(node, "max_age_s", 1.0, "largest age of an image", 0.01, 60)
        )
        self._infos: dict[View, CameraInfo] = {}
        group = MutuallyExclusiveCallbackGroup()
        for view in VIEWS:
            node.create_subscription(
                Image, f"{self._names[view]}/image_raw", self._taker(view), qos_profile_sensor_data,
                callback_group=group,
            )  # fmt: skip
            node.create_subscription(
                CameraInfo, f"{self._names[view]}/camera_info",
                lambda info, view=view: self._infos.update({view: info}), qos_profile_sensor_data,
            )  # fmt: skip

    def pair(self) -> StereoImage:
        """The newest pair; raises NO_IMAGES, IMAGES_STALE or IMAGES_SKEWED."""
        now_s = float(self._node.get_clock().now().nanoseconds * 1e-9)
        (top_s, top), (side_s, side) = self._pairer.pair(now_s)
        return StereoImage(image_array(top), image_array(side), top_s, side_s)

    def cameras(self) -> dict[str, Camera]:
        """view -> camera of its whole image; raises NO_IMAGES, or CAMERA_MISMATCH for one with distortion."""
        for view in VIEWS:
            if view not in self._infos:
                raise DreamitateError(
                    ErrorCode.NO_IMAGES,
                    f"{self._names[view]}/camera_info is silent; the {view} camera must publish it",
                )
            if np.abs(self._infos[view].d).max(initial=0.0) > 1e-3:
                raise DreamitateError(
                    ErrorCode.CAMERA_MISMATCH,
                    f"the {view} camera's camera_info tells of lens distortion, which a rig does not hold; publish"
                    " rectified images (image_proc) and name their topics",
                )
        return {view: messages.camera(self._infos[view]) for view in VIEWS}

    def _taker(self, view: View) -> Callable[[Image], None]:
        def take(message: Image) -> None:
            stamp_s = messages.seconds(message.header.stamp)
            self._pairer.add(view, stamp_s, message)
            if self._take is not None:
                self._take(view, stamp_s, message)

        return take

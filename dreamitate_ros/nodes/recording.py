"""A video of the arms at work, taken from an image topic while they move."""

import cv2
import numpy as np
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import Image

from dreamitate_ros import values
from dreamitate_ros.nodes.images import image_array
from dreamitate_ros.nodes.messages import seconds

FPS = 5.0
WIDTH_PX = 640


class Recording:
    """Keeps an image of `topic` every 1/FPS s from begin() until stop(); narrower than WIDTH_PX it stays as it is.

    Made before it begins, for a subscription takes a while to be found; without begin() it keeps all since it was made.

    Seconds are those of the images' stamps, as the arms' are: a simulation slower than the wall's clock is shown as
    fast as the motion was planned.
    """

    def __init__(self, node: Node, topic: str) -> None:
        self._node, self._frames, self._next_s = node, [], 0.0
        self._subscription = node.create_subscription(
            Image, topic, self._take, qos_profile_sensor_data, callback_group=ReentrantCallbackGroup()
        )

    def begin(self) -> None:
        """The motion starts: what was seen before it is not kept."""
        self._frames.clear()
        self._next_s = 0.0

    def stop(self) -> values.Image | None:
        """(N, H, W, 3) frames at FPS, None when no image came."""
        self._node.destroy_subscription(self._subscription)
        frames = list(self._frames)
        return np.stack(frames) if frames else None

    def _take(self, message: Image) -> None:
        taken_s = seconds(message.header.stamp)
        if taken_s < self._next_s:
            return
        self._next_s = max(self._next_s + 1 / FPS, taken_s + 0.5 / FPS)
        image = image_array(message)
        if image.shape[1] > WIDTH_PX:
            height = round(image.shape[0] * WIDTH_PX / image.shape[1])
            image = cv2.resize(image, (WIDTH_PX, height), interpolation=cv2.INTER_AREA)
        self._frames.append(image)

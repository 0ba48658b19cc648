"""The video of the arms keeps the images' time, not the wall's."""

import numpy as np
import rclpy
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from dreamitate_ros.nodes.images import image_message
from dreamitate_ros.nodes.messages import time_message
from dreamitate_ros.nodes.recording import FPS, Recording


def test_frames_are_evenly_spaced_by_the_images_stamps_however_fast_they_come() -> None:
    """Sixty images of 6 s of the camera's clock come in a moment, as from a simulation."""
    with rclpy.init():
        node = rclpy.create_node("recording_test")
        recording = Recording(node, "top/color/image_raw")
        publisher = node.create_publisher(Image, "top/color/image_raw", QoSProfile(depth=50))
        while publisher.get_subscription_count() == 0:
            rclpy.spin_once(node, timeout_sec=0.1)
        for shade in range(60):
            picture = np.full((4, 6, 3), shade, np.uint8)
            publisher.publish(image_message(picture, time_message(100 + 0.1 * shade), "top"))
            rclpy.spin_once(node, timeout_sec=1.0)
        frames = recording.stop()
        node.destroy_node()
    assert frames is not None
    shades = frames[:, 0, 0, 0].astype(int)
    assert abs(len(shades) - 6 * FPS) <= 1
    np.testing.assert_allclose(np.diff(shades), 10 / FPS, atol=1)

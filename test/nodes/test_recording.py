"""The video of the arms keeps the images' time, not the wall's."""

import numpy as np
import pytest
import rclpy
from rclpy.qos import QoSProfile
from sensor_msgs.msg import Image

from dreamitate_ros.nodes.images import image_message
from dreamitate_ros.nodes.messages import time_message
from dreamitate_ros.nodes.recording import FPS, Recording

TOPIC = "top/color/image_raw"


@pytest.fixture
def node():
    with rclpy.init():
        node = rclpy.create_node("recording_test")
        yield node
        node.destroy_node()


def test_frames_are_evenly_spaced_by_the_images_stamps_however_fast_they_come(node) -> None:
    """Sixty images of 6 s of the camera's clock come in a moment, as from a simulation."""
    recording = Recording(node, TOPIC)
    show(node, range(60))
    shades = recorded(recording)
    assert abs(len(shades) - 6 * FPS) <= 1
    np.testing.assert_allclose(np.diff(shades), 10 / FPS, atol=1)


def test_it_begins_with_the_motion(node) -> None:
    recording = Recording(node, TOPIC)
    show(node, range(31))
    recording.begin()
    show(node, range(31, 60))
    assert recorded(recording)[0] == 31


def show(node, shades) -> None:
    """One image for each shade, 0.1 s apart by its stamp."""
    publisher = node.create_publisher(Image, TOPIC, QoSProfile(depth=50))
    while publisher.get_subscription_count() == 0:
        rclpy.spin_once(node, timeout_sec=0.1)
    for shade in shades:
        picture = np.full((4, 6, 3), shade, np.uint8)
        publisher.publish(image_message(picture, time_message(100 + 0.1 * shade), "top"))
        rclpy.spin_once(node, timeout_sec=1.0)
    node.destroy_publisher(publisher)


def recorded(recording) -> list[int]:
    """The shade of each frame."""
    frames = recording.stop()
    assert frames is not None
    return frames[:, 0, 0, 0].astype(int).tolist()

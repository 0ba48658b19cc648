"""The executor's sign of life while it moves the arms; motion_guard listens."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rclpy.node import Node
from rclpy.qos import QoSProfile
from std_msgs.msg import String

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.nodes.bringup import GUARD
from dreamitate_ros.nodes.mover import this_process

BEAT_TOPIC = "arms_in_motion"
"""Says by whom; empty when the arms are at rest."""

BEAT_QOS = QoSProfile(depth=10)
BEAT_EVERY_S = 0.05
GUARD_TIMEOUT_S = 3.0


class MotionBeat:
    """guarded: nothing moves unless motion_guard listens."""

    def __init__(self, node: Node, guarded: bool) -> None:
        self._node, self._guarded = node, guarded
        self._beat_now = String(data=this_process())
        self._publisher = node.create_publisher(String, BEAT_TOPIC, BEAT_QOS)

    @contextmanager
    def motion(self) -> Iterator[None]:
        """Beat from before the first goal is sent until the arms are at rest; raises STAGE_UNAVAILABLE."""
        if self._guarded:
            self._require_guard()
        ended = threading.Event()
        self._publisher.publish(self._beat_now)
        beating = threading.Thread(target=self._beat, args=(ended,), daemon=True)
        beating.start()
        try:
            yield
        finally:
            ended.set()
            beating.join()
            self._publisher.publish(String())

    def _beat(self, ended: threading.Event) -> None:
        while not ended.wait(BEAT_EVERY_S):
            self._publisher.publish(self._beat_now)

    def _require_guard(self) -> None:
        topic, deadline_s = self._publisher.topic_name, time.monotonic() + GUARD_TIMEOUT_S
        while not any(info.node_name == GUARD for info in self._node.get_subscriptions_info_by_topic(topic)):
            if time.monotonic() > deadline_s:
                raise DreamitateError(
                    ErrorCode.STAGE_UNAVAILABLE,
                    f"the node {GUARD}, which stops the arms should this one die, does not run; the launch files"
                    f" start it, and so does `ros2 run dreamitate_ros {GUARD}`",
                )
            time.sleep(0.02)

"""Where frames are, from /tf and /tf_static (tf2 itself is no Python wheel)."""

import numpy as np
from geometry_msgs.msg import TransformStamped
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from scipy.spatial.transform import Rotation
from tf2_msgs.msg import TFMessage

from dreamitate_ros.geometry import transform
from dreamitate_ros.nodes import messages
from dreamitate_ros.values import Array

LATCHED = QoSProfile(depth=100, durability=DurabilityPolicy.TRANSIENT_LOCAL)
LONGEST_CHAIN = 30


class Transforms:
    """The newest transform of each frame to its parent."""

    def __init__(self, node: Node) -> None:
        self._parents: dict[str, tuple[str, Array, float]] = {}
        node.create_subscription(TFMessage, "/tf", self._take, qos_profile_sensor_data)
        node.create_subscription(TFMessage, "/tf_static", self._take_fixed, LATCHED)

    def find(self, target: str, source: str, now_s: float, max_age_s: float) -> Array | None:
        """(4, 4) target_from_source where target is an ancestor of source; None where unknown or older than that."""
        result = np.eye(4)
        frame = source
        for _ in range(LONGEST_CHAIN):
            if frame == target:
                return result
            if frame not in self._parents:
                return None
            parent, parent_from_frame, stamp_s = self._parents[frame]
            if now_s - stamp_s > max_age_s:
                return None
            result, frame = parent_from_frame @ result, parent
        return None

    def frames(self) -> list[str]:
        """All frames heard of."""
        return sorted(self._parents)

    def _take(self, message: TFMessage) -> None:
        for each in message.transforms:
            self._parents[each.child_frame_id] = (
                each.header.frame_id, _matrix(each), messages.seconds(each.header.stamp)
            )  # fmt: skip

    def _take_fixed(self, message: TFMessage) -> None:
        for each in message.transforms:
            self._parents[each.child_frame_id] = (each.header.frame_id, _matrix(each), float("inf"))


def _matrix(message: TransformStamped) -> Array:
    q, t = message.transform.rotation, message.transform.translation
    return transform(Rotation.from_quat([q.x, q.y, q.z, q.w]).as_matrix(), np.array([t.x, t.y, t.z]))

"""TF of the simulated cell: cameras and bases once, the arms' links and tools as they move."""

from geometry_msgs.msg import Transform, TransformStamped
from rclpy.node import Node
from rclpy.qos import QoSProfile
from tf2_msgs.msg import TFMessage

from dreamitate_ros.execute.ur5e import LINK_NAMES
from dreamitate_ros.geometry import inverse, transform
from dreamitate_ros.nodes import messages
from dreamitate_ros.nodes.cell_robot_state import LATCHED
from dreamitate_ros.rig import Rig
from dreamitate_ros.simulate.runner import CellRunner
from dreamitate_ros.values import Array


class CellFrames:
    """world -> cameras, world -> ARM_base_link (static); ARM_base_link -> links, tool0 and tool."""

    def __init__(self, node: Node, runner: CellRunner, rig: Rig) -> None:
        self._runner = runner
        self._moving = node.create_publisher(TFMessage, "/tf", QoSProfile(depth=10))
        self._fixed = node.create_publisher(TFMessage, "/tf_static", LATCHED)
        assert rig.world_from_top is not None
        poses = {
            messages.TOP_FRAME: rig.world_from_top,
            messages.SIDE_FRAME: rig.world_from_top @ rig.top_from_side,
            **{f"{arm}_base_link": rig.world_from_base(arm) for arm in runner.cell.arms},
        }
        self._fixed.publish(
            TFMessage(transforms=[_stamped("world", child, pose, 0.0) for child, pose in poses.items()])
        )

    def publish(self) -> None:
        """Tell where the links are now."""
        with self._runner.lock:
            now_s, cell = self._runner.now_s, self._runner.cell
            bases = {arm: cell.rig.world_from_base(arm) for arm in cell.arms}
            world = {
                arm: {
                    **{f"{arm}_{link}": _body(cell.data.body(f"{arm}_{link}")) for link in LINK_NAMES},
                    f"{arm}_tool0": cell.world_from_flange(arm),
                    f"{arm}_tool": cell.world_from_tool(arm),
                }
                for arm in cell.arms
            }
        transforms = []
        for arm, poses in world.items():
            base_from_world = inverse(bases[arm])
            transforms += [
                _stamped(f"{arm}_base_link", child, base_from_world @ pose, now_s)
                for child, pose in poses.items()
            ]
        self._moving.publish(TFMessage(transforms=transforms))


def _body(view: object) -> Array:
    return transform(view.xmat.reshape(3, 3).copy(), view.xpos.copy())  # type: ignore[attr-defined]


def _stamped(parent: str, child: str, parent_from_child: Array, now_s: float) -> TransformStamped:
    pose = messages.pose_message(parent_from_child)
    message = TransformStamped(child_frame_id=child)
    message.header.frame_id = parent
    message.header.stamp = messages.time_message(now_s)
    message.transform = Transform(rotation=pose.orientation)
    p = pose.position
    message.transform.translation.x, message.transform.translation.y, message.transform.translation.z = (
        p.x,
        p.y,
        p.z,
    )
    return message

"""Two RealSense cameras as the policy expects them: /top/color and /side/color, 1280x720, paired by stamp."""

from launch.actions import OpaqueFunction

from dreamitate_ros.nodes.launching import argument, start_cameras
from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """Both cameras' drivers."""
    return LaunchDescription(
        [
            argument(
                "top_serial", None, "serial number of the top camera (`rs-enumerate-devices -s` lists them)"
            ),
            argument("side_serial", None, "serial number of the side camera"),
            argument("camera_fps", "30", "images per second of both cameras", ("6", "15", "30")),
            OpaqueFunction(function=start_cameras),
        ]
    )

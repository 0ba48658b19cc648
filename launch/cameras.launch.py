"""Two RealSense cameras as the policy expects them: /top/color and /side/color, 1280x720, paired by stamp."""

from launch.actions import OpaqueFunction

from dreamitate_ros.nodes.launching import camera_arguments, start_cameras
from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """Both cameras' drivers."""
    return LaunchDescription(
        [
            *camera_arguments(required=True),
            OpaqueFunction(function=start_cameras),
        ]
    )

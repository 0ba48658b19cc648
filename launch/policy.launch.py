"""The policy on hardware: capture, generate, track, execute, and the policy that composes them.

The cameras (realsense2_camera) and the arms (ur_robot_driver) are started elsewhere; hardware.launch.py starts all.
"""

from launch.actions import OpaqueFunction

from dreamitate_ros.nodes.launching import argument, policy_arguments, start
from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """The capture, generator, tracker, executor and policy nodes, with the arguments given."""
    return LaunchDescription(
        [
            *policy_arguments(generator="replay", require_approval="true"),
            argument("rig", "", "YAML file of the calibrated rig; empty: the simulated cell's"),
            argument("top_camera", "top/color", "namespace of the top camera's image_raw and camera_info"),
            argument("side_camera", "side/color", "namespace of the side camera's image_raw and camera_info"),
            OpaqueFunction(function=start, kwargs={"simulation": False}),
        ]
    )

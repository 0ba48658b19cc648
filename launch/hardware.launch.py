"""Everything on hardware: one or two UR arms, two RealSense cameras, the policy, and rviz to look at it.

Arms are mock hardware unless mock_hardware:=false; docs/hardware.md goes through it.
"""

from launch.actions import OpaqueFunction

from dreamitate_ros.nodes.launching import (
    argument,
    camera_arguments,
    hardware_arguments,
    policy_arguments,
    start_hardware,
)
from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """Drivers, policy and rviz, with the arguments given."""
    return LaunchDescription(
        [
            *hardware_arguments(),
            *camera_arguments(),
            argument("rig", "", "YAML file that `dreamitate calibrate` wrote; empty: the simulated cell's"),
            *policy_arguments(generator="replay", require_approval="true"),
            OpaqueFunction(function=start_hardware),
        ]
    )

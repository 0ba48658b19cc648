"""Recording of demonstrations: both cameras if wanted, and the node that records and judges takes."""

from launch.actions import OpaqueFunction

from dreamitate_ros.nodes.launching import argument, camera_arguments, start_recording
from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """The cameras' drivers and demonstration_recorder."""
    return LaunchDescription(
        [
            *camera_arguments(),
            argument("task", "rotate", "what the takes are for: a file in config/tasks"),
            argument("caption", "", "what the takes show, as the model is told it; empty: the task's prompt"),
            argument("folder", "", "of all takes; empty: takes_TASK; one begun earlier is gone on with"),
            argument("rig", "", "YAML file of the calibrated rig, for the tracking check"),
            argument("tools", "", "other tools, like left=DIR,right=DIR; empty: the task's, in config/tools"),
            argument(
                "check_tracking", "true", "reject takes whose tools cannot be tracked", ("true", "false")
            ),
            OpaqueFunction(function=start_recording),
        ]
    )

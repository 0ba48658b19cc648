"""The simulated cell (two UR5e, two cameras, a table) and the policy that acts in it: no hardware, no GPU."""

from launch.actions import OpaqueFunction

from dreamitate_ros.nodes.launching import argument, policy_arguments, start
from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """The simulated cell and the policy's nodes, with the arguments given."""
    return LaunchDescription(
        [
            *policy_arguments(generator="oracle", require_approval="false"),
            argument("task", "rotate", "whose things lie on the table: a file in config/tasks"),
            argument("seed", "0", "which object lies where; ResetScene changes it later"),
            argument("rate", "1.0", "simulated seconds per second"),
            OpaqueFunction(function=start, kwargs={"simulation": True}),
        ]
    )

"""A guided calibration: both cameras if wanted, and the node that says which pose to add next."""

from launch.actions import OpaqueFunction

from dreamitate_ros.nodes.launching import argument, camera_arguments, start_calibration
from launch import LaunchDescription


def generate_launch_description() -> LaunchDescription:
    """The cameras' drivers and calibration_guide."""
    return LaunchDescription(
        [
            *camera_arguments(),
            argument(
                "folder",
                "calibration",
                "for the photos and recording.yaml; one begun earlier is gone on with",
            ),
            argument("output", "rig.yaml", "rig file that calibration_guide/solve writes"),
            argument(
                "board", "", "another board than printed by default, like columns=9,rows=6,square_m=0.03"
            ),
            argument("held_by", "left", "who holds the board first", ("left", "right", "table", "hand")),
            OpaqueFunction(function=start_calibration),
        ]
    )

"""Other packages' nodes as we start them on hardware, described once: RealSense cameras and UR arms. No ROS import.

Names of packages, executables, parameters and launch arguments are those of realsense2_camera (ros2-master) and
ur_robot_driver (jazzy and later).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dreamitate_ros.errors import DreamitateError, ErrorCode

Value = str | float | bool

CAMERA_FPS = (6, 15, 30)
UR_TYPES = (
    "ur3", "ur3e", "ur5", "ur5e", "ur7e", "ur10", "ur10e", "ur12e", "ur16e", "ur15", "ur20", "ur30",
)  # fmt: skip
PLANNED_UR_TYPE = "ur5e"  # whose dimensions the built-in planner knows
ARMS = ("left", "right")
NOT_GIVEN = "none"


@dataclass(frozen=True)
class DriverNode:
    """A node of another package: namespace/name runs package's executable with parameters."""

    package: str
    executable: str
    namespace: str
    name: str
    parameters: Mapping[str, Value] = field(default_factory=dict)


def camera_nodes(top_serial: str, side_serial: str, fps: int) -> list[DriverNode]:
    """Two RealSense cameras, colour only, 1280x720, as /top/color and /side/color; raises INVALID_PARAMETER.

    They run on clocks of their own (enable_sync pairs the streams of one camera, not two cameras): stereo_capture pairs
    by stamp. Their transforms are the rig's business, so the driver publishes none.
    """
    serials = {"top": top_serial.strip().lstrip("_"), "side": side_serial.strip().lstrip("_")}
    for view, serial in serials.items():
        if not serial.isalnum():
            raise DreamitateError(
                ErrorCode.INVALID_PARAMETER,
                f"{view}_serial must be the serial number of the {view} camera, found '{serial}';"
                " `rs-enumerate-devices -s` lists those that are plugged in",
            )
    if serials["top"] == serials["side"]:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"top_serial and side_serial are both {serials['top']}; the rig needs two cameras",
        )
    return [
        DriverNode(
            package="realsense2_camera",
            executable="realsense2_camera_node",
            namespace="",
            name=view,
            parameters={
                "camera_name": view,
                "serial_no": f"_{serial}",  # without the underscore YAML makes a number of it
                "enable_color": True,
                "enable_depth": False,
                "enable_infra1": False,
                "enable_infra2": False,
                "rgb_camera.color_profile": f"1280x720x{fps}",
                "rgb_camera.color_format": "RGB8",
                "rgb_camera.enable_auto_exposure": True,
                "publish_tf": False,
            },
        )
        for view, serial in serials.items()
    ]

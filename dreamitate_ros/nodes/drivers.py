"""Other packages' nodes as we start them on hardware, described once; here the cameras. No ROS import.

Names of packages, executables and parameters are those of realsense2_camera (ros2-master).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scipy.spatial.transform import Rotation

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.rig import Rig
from dreamitate_ros.values import Array

Value = str | float | bool

CAMERA_FPS = (6, 15, 30)


@dataclass(frozen=True)
class DriverNode:
    """A node of another package: namespace/name runs package's executable.

    name: empty: its own. parameter_files: with launch's substitutions in them. description: a command whose output
    is the parameter robot_description.
    """

    package: str
    executable: str
    namespace: str
    name: str
    parameters: Mapping[str, Value | list[str]] = field(default_factory=dict)
    parameter_files: tuple[Path, ...] = ()
    arguments: tuple[str, ...] = ()
    remappings: tuple[tuple[str, str], ...] = ()
    description: tuple[str, ...] = ()


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


def camera_frames(rig: Rig) -> list[DriverNode]:
    """tf2_ros' publishers of where the rig says the cameras are; none where it does not know the table."""
    if rig.world_from_top is None:
        return []
    poses = {"top": rig.world_from_top, "side": rig.world_from_top @ rig.top_from_side}
    return [_static_frame(f"{view}_color_optical_frame", pose) for view, pose in poses.items()]


def _static_frame(child: str, world_from_child: Array) -> DriverNode:
    quaternion = Rotation.from_matrix(world_from_child[:3, :3]).as_quat()
    numbers = zip(
        ("x", "y", "z", "qx", "qy", "qz", "qw"), (*world_from_child[:3, 3], *quaternion), strict=True
    )
    words = [word for name, number in numbers for word in (f"--{name}", f"{number:.6f}")]
    frames = ("--frame-id", "world", "--child-frame-id", child)
    return DriverNode("tf2_ros", "static_transform_publisher", "", "", arguments=(*words, *frames))

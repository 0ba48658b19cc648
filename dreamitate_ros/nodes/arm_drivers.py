"""UR arms on hardware, described once: what is started of ur_robot_driver and ros2_control. No ROS import.

Each arm has a namespace of its name with a controller manager of its own. ur_robot_driver's own launch file cannot
be put into a namespace: its spawners look for /controller_manager, and its parameter file names nodes without one.
Names of packages, executables, parameters and xacro arguments are those of ur_robot_driver (jazzy to main), checked
against its source.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scipy.spatial.transform import Rotation

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.nodes.drivers import DriverNode, Value
from dreamitate_ros.rig import Rig
from dreamitate_ros.values import Array

ARMS = ("left", "right")
UR_TYPES = (
    "ur3", "ur3e", "ur5", "ur5e", "ur7e", "ur8long", "ur10", "ur10e", "ur12e", "ur15", "ur16e", "ur18", "ur20", "ur30",
)  # fmt: skip
PLANNED_UR_TYPE = "ur5e"
CONTROLLERS = ("scaled_joint_trajectory_controller", "joint_trajectory_controller")
PORTS = {
    "reverse_port": 50001,
    "script_sender_port": 50002,
    "trajectory_port": 50003,
    "script_command_port": 50004,
}
PORTS_APART = 10  # of two arms on one computer
STATUS_CONTROLLERS = ("io_and_status_controller", "speed_scaling_state_broadcaster")
SPAWN_TIMEOUT_S = 60
PACKAGES = ("xacro", "ur_description", "ur_robot_driver", "ur_controllers", "joint_state_broadcaster")
"""What the description and the controllers of an arm are made of; mock hardware needs them too."""


@dataclass(frozen=True)
class ArmDriver:
    """One arm. robot_ip: empty: mock hardware. kinematics: the robot's own, from ur_calibration; None: the type's.

    world_from_base: (4, 4). reverse_ip: of this computer as the robot sees it; empty: found by the driver.
    headless: the robot is in remote control and gets its program from here, without the URCap.
    """

    arm: str
    world_from_base: Array
    ur_type: str = "ur5e"
    robot_ip: str = ""
    kinematics: Path | None = None
    controller: str = CONTROLLERS[0]
    reverse_ip: str = ""
    headless: bool = False

    @property
    def mock(self) -> bool:
        """Whether nothing moves but numbers."""
        return not self.robot_ip


def arm_driver(arm: str, rig: Rig, mock: bool, robot_ip: str, kinematics: str, **chosen: Value) -> ArmDriver:
    """An arm of the rig from what a person wrote; raises INVALID_PARAMETER or INVALID_RIG."""
    if not mock:
        _require_address(arm, robot_ip)
    path = Path(kinematics) if kinematics else None
    if path is not None and not path.is_file():
        raise DreamitateError(ErrorCode.INVALID_PARAMETER, f"{arm}_kinematics: {path} does not exist")
    if chosen.get("ur_type", PLANNED_UR_TYPE) != PLANNED_UR_TYPE:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"ur_type is {chosen['ur_type']}, but the planner knows the dimensions of the {PLANNED_UR_TYPE} only",
        )
    return ArmDriver(
        arm, rig.world_from_base(arm), robot_ip="" if mock else robot_ip, kinematics=path, **chosen
    )  # type: ignore[arg-type]


def require_apart(drivers: Sequence[ArmDriver]) -> None:
    """Raise INVALID_PARAMETER where two arms are one robot."""
    addresses = [driver.robot_ip for driver in drivers if not driver.mock]
    if len(set(addresses)) < len(addresses):
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"left_robot_ip and right_robot_ip are both {addresses[0]}; with one robot give arms:=left or arms:=right",
        )


def arm_nodes(driver: ArmDriver) -> list[DriverNode]:
    """Everything that one arm needs, in its namespace; joint states go to the common /joint_states."""
    arm = driver.arm
    nodes = [
        DriverNode(
            "robot_state_publisher", "robot_state_publisher", arm, "", description=_description(driver),
            remappings=(("joint_states", "/joint_states"),),
        ),
        DriverNode(
            "controller_manager", "ros2_control_node", arm, "",
            parameter_files=(config_directory() / "hardware" / "ur_controllers.yaml",),
        ),
        _spawner(arm, ("joint_state_broadcaster",), "-r joint_states:=/joint_states"),
        _spawner(arm, (*STATUS_CONTROLLERS, driver.controller)),
    ]  # fmt: skip
    return nodes if driver.mock else [*nodes, *_robot_nodes(driver)]


def executor_parameters(driver: ArmDriver) -> dict[str, Value]:
    """trajectory_executor's, for this arm. Mock hardware tells no modes: the executor is not to wait for them."""
    return {
        f"{driver.arm}.controller": f"{driver.arm}/{driver.controller}",
        f"{driver.arm}.status": "" if driver.mock else f"{driver.arm}/io_and_status_controller",
        f"{driver.arm}.speed": f"{driver.arm}/speed_scaling_state_broadcaster",
    }


def _robot_nodes(driver: ArmDriver) -> list[DriverNode]:
    """What only a real robot has: its dashboard, and the stop of the controllers while its program does not run."""
    arm, address = driver.arm, {"robot_ip": driver.robot_ip}
    kept = ["joint_state_broadcaster", *STATUS_CONTROLLERS]
    return [
        DriverNode("ur_robot_driver", "dashboard_client", arm, "dashboard_client", address),
        DriverNode(
            "ur_robot_driver", "robot_state_helper", arm, "ur_robot_state_helper",
            {**address, "headless_mode": driver.headless},
        ),
        DriverNode(
            "ur_robot_driver", "controller_stopper_node", arm, "controller_stopper",
            {"headless_mode": driver.headless, "joint_controller_active": True, "consistent_controllers": kept},
        ),
    ]  # fmt: skip


def _spawner(arm: str, controllers: Sequence[str], ros_arguments: str = "") -> DriverNode:
    extra = (f"--controller-ros-args={ros_arguments}",) if ros_arguments else ()
    manager = ("--controller-manager", f"/{arm}/controller_manager")
    patience = ("--controller-manager-timeout", str(SPAWN_TIMEOUT_S))
    return DriverNode(
        "controller_manager", "spawner", arm, "", arguments=(*controllers, *manager, *patience, *extra)
    )


def _description(driver: ArmDriver) -> tuple[str, ...]:
    folder = config_directory() / "hardware"
    offset = PORTS_APART * ARMS.index(driver.arm)
    x, y, z = driver.world_from_base[:3, 3]
    roll, pitch, yaw = Rotation.from_matrix(driver.world_from_base[:3, :3]).as_euler("xyz")
    values: dict[str, Value] = {
        "arm": driver.arm,
        "ur_type": driver.ur_type,
        "use_mock_hardware": str(driver.mock).lower(),
        "headless_mode": str(driver.headless).lower(),
        "initial_positions": str(folder / "home.yaml"),
        "xyz": f"{x:.6f} {y:.6f} {z:.6f}",
        "rpy": f"{roll:.6f} {pitch:.6f} {yaw:.6f}",
        **{name: str(port + offset) for name, port in PORTS.items()},
    }
    optional = {
        "robot_ip": driver.robot_ip,
        "reverse_ip": driver.reverse_ip,
        "kinematics": "" if driver.kinematics is None else str(driver.kinematics.absolute()),
    }
    given = {**values, **{name: value for name, value in optional.items() if value}}
    return (str(folder / "ur_arm.urdf.xacro"), *(f"{name}:={value}" for name, value in given.items()))


def _require_address(arm: str, robot_ip: str) -> None:
    try:
        ipaddress.ip_address(robot_ip)
    except ValueError:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"{arm}_robot_ip must be the IP address that the pendant of the {arm} arm shows, found '{robot_ip}'; or"
            " leave mock_hardware true",
        ) from None

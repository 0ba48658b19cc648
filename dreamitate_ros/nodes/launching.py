"""What the launch files share: their arguments, and nodes.bringup.graph() as launch actions."""

import os
import shlex
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from ament_index_python.packages import get_packages_with_prefixes
from launch.actions import (
    DeclareLaunchArgument,
    GroupAction,
    SetEnvironmentVariable,
    SetLaunchConfiguration,
)
from launch.substitutions import Command
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterFile, ParameterValue

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.nodes.arm_drivers import (
    ARMS,
    CONTROLLERS,
    PACKAGES,
    UR_TYPES,
    ArmDriver,
    arm_driver,
    arm_nodes,
    executor_parameters,
    require_apart,
)
from dreamitate_ros.nodes.bringup import (
    BACKENDS,
    END_TIMEOUT_S,
    GUARD,
    TRACKERS,
    Settings,
    Value,
    environment,
    graph,
)
from dreamitate_ros.nodes.drivers import CAMERA_FPS, DriverNode, camera_frames, camera_nodes
from dreamitate_ros.rig import load_rig
from launch import LaunchContext

YES_NO = ("true", "false")
RVIZ = DriverNode("rviz2", "rviz2", "", "", arguments=("-d", str(config_directory() / "dreamitate.rviz")))
PATIENCE = str(
    END_TIMEOUT_S
)  # launch gives 5 s, but the policy finishes its report and the arms come to rest


def argument(
    name: str, default: str | None, description: str, choices: tuple[str, ...] | None = None
) -> DeclareLaunchArgument:
    """A described launch argument; it fills the field of Settings with its name. default None: it must be given."""
    return DeclareLaunchArgument(name, default_value=default, description=description, choices=choices)


def policy_arguments(generator: str, require_approval: str) -> list[DeclareLaunchArgument]:
    """The arguments of every launch file that starts the policy."""
    return [
        argument(
            "generator",
            generator,
            "what imagines: a trained model, a stored clip, or the oracle (simulation only)",
            ("diffusion", "replay", "oracle"),
        ),
        argument("model", "", "folder of the generator diffusion's model; empty: the task's, or else small"),
        argument(
            "sampling",
            "",
            "preset of the model's sampling; empty: small for a model that ships, else as in the paper",
        ),
        argument("memory", "", "preset of the GPU memory to use; empty: 24GB"),
        argument("tracker", "builtin", "none: a node of your own serves the action track_tools", TRACKERS),
        argument("tools", "", "other tools, like left=DIR,right=DIR; empty: the task's, in config/tools"),
        argument("episodes", "episodes", "folder for the episode folders"),
        argument(
            "require_approval", require_approval, "wait for policy/approve before the arms move", YES_NO
        ),
    ]


def start(context: LaunchContext, simulation: bool, executor: Mapping[str, Value] | None = None) -> list[Any]:
    """The graph for the arguments given (an OpaqueFunction: they are known only now).

    executor: parameters of trajectory_executor that no argument sets; motion_guard takes the controllers of them.
    """
    given = context.launch_configurations
    chosen = {entry.name: given[entry.name] for entry in fields(Settings) if given.get(entry.name)}
    for name, convert in (("require_approval", lambda text: text == "true"), ("seed", int), ("rate", float)):
        if name in chosen:
            chosen[name] = convert(chosen[name])
    settings = Settings(simulation=simulation, **chosen)
    variables = [SetEnvironmentVariable(name, value) for name, value in environment(simulation).items()]
    nodes = [
        Node(
            package="dreamitate_ros",
            executable=node.name,
            name=node.name,
            parameters=[
                *map(str, node.parameter_files),
                dict(node.parameters)
                | dict(executor or {} if node.name in ("trajectory_executor", GUARD) else {}),
            ],
            additional_env={"DREAMITATE_PARENT": str(os.getpid())},  # see lifetime.py
            sigterm_timeout=PATIENCE,
            output="screen",
        )
        for node in graph(settings)
    ]
    return [*variables, *nodes]


def camera_arguments(required: bool = False) -> list[DeclareLaunchArgument]:
    """Which two cameras to start; where not required, none are started without serial numbers."""
    nothing = None if required else ""
    hint = "" if required else "; empty: the cameras run already"
    return [
        argument("top_serial", nothing, f"serial number of the top camera (`rs-enumerate-devices -s`){hint}"),
        argument("side_serial", nothing, "serial number of the side camera"),
        argument("camera_fps", "30", "images per second of both cameras", tuple(map(str, CAMERA_FPS))),
    ]


def start_cameras(context: LaunchContext) -> list[Any]:
    """Both cameras' drivers for the arguments given, none where there are no serial numbers."""
    given = context.launch_configurations
    if not (given["top_serial"] or given["side_serial"]):
        return []
    drivers = camera_nodes(given["top_serial"], given["side_serial"], int(given["camera_fps"]))
    _require_packages(driver.package for driver in drivers)
    return [_driver(driver) for driver in drivers]


def start_calibration(context: LaunchContext) -> list[Any]:
    """The cameras, and the node that guides a calibration."""
    return [
        *start_cameras(context),
        _ours(context, "calibration_guide", ("folder", "output", "board", "held_by")),
    ]


def start_recording(context: LaunchContext) -> list[Any]:
    """The cameras, and the node that records demonstrations."""
    given = context.launch_configurations
    converted = {
        "camera_fps": float(given["camera_fps"]),
        "check_tracking": given["check_tracking"] == "true",
    }
    chosen = ("task", "caption", "folder", "rig", "tools")
    return [*start_cameras(context), _ours(context, "demonstration_recorder", chosen, converted)]


def hardware_arguments() -> list[DeclareLaunchArgument]:
    """Which arms there are, and how they are reached."""
    return [
        argument("arms", "left,right", "which arms there are", ("left,right", *ARMS)),
        argument(
            "mock_hardware", "true", "nothing moves but numbers; false: the robots at the addresses", YES_NO
        ),
        argument("ur_type", "ur5e", "what kind both arms are; the planner knows the ur5e only", UR_TYPES),
        *(argument(f"{arm}_robot_ip", "", f"IP address on the {arm} arm's pendant") for arm in ARMS),
        *(
            argument(f"{arm}_kinematics", "", f"the {arm} robot's own, from ur_calibration; empty: nominal")
            for arm in ARMS
        ),
        argument(
            "controller", CONTROLLERS[0], "that moves the joints; the second from Lyrical on", CONTROLLERS
        ),
        argument(
            "reverse_ip", "", "this computer's address as the robots see it; empty: the driver finds it"
        ),
        argument("headless_mode", "false", "robots in remote control, without the URCap's program", YES_NO),
        argument("backend", "builtin", "who plans and moves; moveit needs a running move_group", BACKENDS),
        argument("moveit_robot", "", "the robot's name in the MoveIt configuration"),
        argument("moveit_package", "", "the package of the MoveIt configuration, with moveit_cpp.yaml"),
        argument("rviz", "true", "show overlay, paths and arms", YES_NO),
    ]


def start_hardware(context: LaunchContext) -> list[Any]:
    """Arms, cameras, policy and rviz for the arguments given."""
    given = context.launch_configurations
    rig = load_rig(Path(given["rig"]) if given["rig"] else config_directory() / "rigs" / "cell.yaml")
    drivers = [
        arm_driver(
            arm, rig, given["mock_hardware"] == "true", given[f"{arm}_robot_ip"], given[f"{arm}_kinematics"],
            ur_type=given["ur_type"], controller=given["controller"], reverse_ip=given["reverse_ip"],
            headless=given["headless_mode"] == "true",
        )
        for arm in given["arms"].split(",")
    ]  # fmt: skip
    require_apart(drivers)
    moveit = {"moveit.robot": given["moveit_robot"], "moveit.package": given["moveit_package"]}
    executor: dict[str, Value] = {"backend": given["backend"], **moveit}
    for driver in drivers:
        executor |= executor_parameters(driver)
    rviz = [RVIZ] if given["rviz"] == "true" else []
    others = [*(node for driver in drivers for node in arm_nodes(driver)), *camera_frames(rig), *rviz]
    _require_packages([*PACKAGES, *(node.package for node in others)])
    return [
        *(_arm(driver) for driver in drivers),
        *start_cameras(context),
        *map(_driver, camera_frames(rig)),
        *start(context, simulation=False, executor=executor),
        *map(_driver, rviz),
    ]


def _require_packages(names: Iterable[str]) -> None:
    """Raise STAGE_UNAVAILABLE with all that is missing, before anything is started."""
    installed = get_packages_with_prefixes()
    missing = [name for name in sorted(set(names)) if name not in installed]
    if missing:
        debs = " ".join(f"ros-$ROS_DISTRO-{name.replace('_', '-')}" for name in missing)
        raise DreamitateError(
            ErrorCode.STAGE_UNAVAILABLE,
            f"this computer lacks {', '.join(missing)}: `sudo apt install {debs}`, as docs/hardware.md says",
        )


def _arm(driver: ArmDriver) -> GroupAction:
    """Its nodes; the file of the controllers' parameters asks for the arm's name."""
    return GroupAction([SetLaunchConfiguration("arm", driver.arm), *map(_driver, arm_nodes(driver))])


def _ours(
    context: LaunchContext, name: str, chosen: tuple[str, ...], converted: Mapping[str, Value] | None = None
) -> Node:
    """One of our nodes, with the launch arguments that are its parameters."""
    given = context.launch_configurations
    parameters = {key: given[key] for key in chosen if given[key]} | dict(converted or {})
    return Node(
        package="dreamitate_ros",
        executable=name,
        name=name,
        parameters=[str(config_directory() / "policy.yaml"), parameters],
        additional_env={"DREAMITATE_PARENT": str(os.getpid())},  # see lifetime.py
        sigterm_timeout=PATIENCE,
        output="screen",
    )


def _driver(driver: DriverNode) -> Node:
    parameters: list[Any] = [ParameterFile(str(path), allow_substs=True) for path in driver.parameter_files]
    parameters += [dict(driver.parameters)] if driver.parameters else []
    if driver.description:
        command = Command(shlex.join([shutil.which("xacro") or "xacro", *driver.description]))
        parameters.append({"robot_description": ParameterValue(command, value_type=str)})
    return Node(
        package=driver.package,
        executable=driver.executable,
        namespace=driver.namespace,
        name=driver.name or None,
        parameters=parameters,
        arguments=list(driver.arguments),
        remappings=list(driver.remappings),
        output="screen",
    )

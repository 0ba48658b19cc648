"""What the launch files share: their arguments, and nodes.bringup.graph() as launch actions."""

import os
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from launch.actions import DeclareLaunchArgument, SetEnvironmentVariable
from launch_ros.actions import Node

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.nodes.bringup import Settings, Value, environment, graph
from dreamitate_ros.nodes.drivers import CAMERA_FPS, DriverNode, camera_nodes
from launch import LaunchContext

YES_NO = ("true", "false")


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
            "what imagines: the oracle (simulation only) or a stored clip",
            ("oracle", "replay"),
        ),
        argument("tools", "", "other tools, like left=DIR,right=DIR; empty: the task's, in config/tools"),
        argument("episodes", "episodes", "folder for the episode folders"),
        argument(
            "require_approval", require_approval, "wait for policy/approve before the arms move", YES_NO
        ),
    ]


def start(context: LaunchContext, simulation: bool) -> list[Any]:
    """The graph for the arguments given (an OpaqueFunction: they are known only now)."""
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
            parameters=[*map(str, node.parameter_files), dict(node.parameters)],
            additional_env={"DREAMITATE_PARENT": str(os.getpid())},  # see lifetime.py
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
        output="screen",
    )


def _driver(driver: DriverNode) -> Node:
    return Node(
        package=driver.package,
        executable=driver.executable,
        namespace=driver.namespace,
        name=driver.name,
        parameters=[dict(driver.parameters)],
        output="screen",
    )

"""The graph, described once: which nodes run with which parameters. Read by bringup.py and by the launch files."""

import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import DreamitateError, ErrorCode

GENERATORS = ("oracle", "replay")
POLICY_NODES = ("stereo_capture", "video_generator", "tool_tracker", "trajectory_executor", "policy")
CELL_NODE = "simulated_cell"


def _setting(default: Any, about: str, choices: tuple[str, ...] = ()) -> Any:
    return field(default=default, metadata={"about": about, "choices": choices})


@dataclass(frozen=True)
class Settings:
    """What a user chooses about a graph; every field is a launch argument of the same name."""

    simulation: bool = _setting(True, "start the simulated cell and use its rig, names and parameters")
    generator: str = _setting("oracle", "what imagines the task", GENERATORS)
    rig: str = _setting("", "YAML file of the calibrated cameras and arms; empty: the simulated cell's")
    tools: str = _setting("", "other meshes, like left=DIR,right=DIR; empty: the task's, in config/tools")
    config: str = _setting("", "folder with tasks/ and tools/; empty: the one of this package")
    episodes: str = _setting("episodes", "folder that gets one episode folder per run")
    require_approval: bool = _setting(True, "wait for the service policy/approve before the arms move")
    top_camera: str = _setting("top/color", "namespace of the top camera's image_raw and camera_info")
    side_camera: str = _setting("side/color", "namespace of the side camera's image_raw and camera_info")
    seed: int = _setting(0, "scene of the simulated cell at the start")
    parameters: str = _setting("", "one more ROS parameter file, read last")


@dataclass(frozen=True)
class Process:
    """One node, a process of its own: its executable is `name`, its module dreamitate_ros.nodes.`name`.

    files: parameter files, later ones win. parameters: what the settings say, above the files.
    """

    name: str
    files: tuple[Path, ...]
    parameters: dict[str, Any]

    @property
    def module(self) -> str:
        """The module to run as a program."""
        return f"dreamitate_ros.nodes.{self.name}"


def graph(settings: Settings) -> list[Process]:
    """The processes of a graph, in the order to start them; raises DreamitateError for unusable settings."""
    _require_usable(settings)
    nodes = (CELL_NODE, *POLICY_NODES) if settings.simulation else POLICY_NODES
    return [Process(name, _files(settings), _parameters(settings, name)) for name in nodes]


def environment() -> dict[str, str]:
    """What large images need of the middleware, where the user has not chosen otherwise."""
    profile = str(config_directory() / "fastdds.xml")
    wanted = {
        "RMW_IMPLEMENTATION": "rmw_fastrtps_cpp",
        "FASTDDS_DEFAULT_PROFILES_FILE": profile,  # Fast DDS 3 (Kilted)
        "FASTRTPS_DEFAULT_PROFILES_FILE": profile,  # Fast DDS 2 (Jazzy)
    }
    return {name: os.environ.get(name, value) for name, value in wanted.items()}


def _require_usable(settings: Settings) -> None:
    if settings.generator not in GENERATORS:
        raise DreamitateError(
            ErrorCode.UNKNOWN_GENERATOR,
            f"there is no generator '{settings.generator}'; known generators: {', '.join(GENERATORS)}",
        )
    if not settings.simulation and not settings.rig:
        raise DreamitateError(
            ErrorCode.INVALID_RIG,
            "a real cell needs its calibration: give rig:=FILE (see config/rigs/cell.yaml)",
        )
    for name in ("rig", "parameters"):
        path = getattr(settings, name)
        if path and not Path(path).is_file():
            raise DreamitateError(ErrorCode.INVALID_PARAMETER, f"{name}: the file {path} does not exist")


def _files(settings: Settings) -> tuple[Path, ...]:
    config = config_directory()
    files = [config / "policy.yaml"]
    if settings.simulation:
        files.append(config / "simulation.yaml")
    if settings.parameters:
        files.append(Path(settings.parameters).absolute())
    return tuple(files)


def _parameters(settings: Settings, node: str) -> dict[str, Any]:
    """The settings that differ from their default; the rest stays as the parameter files say."""
    shared: dict[str, Any] = {
        name: _absolute(getattr(settings, name)) for name in ("rig", "config") if getattr(settings, name)
    }
    if settings.tools:
        shared["tools"] = settings.tools
    own: dict[str, dict[str, Any]] = {
        "stereo_capture": _changed(settings, "top_camera", "side_camera"),
        "video_generator": {"generator": settings.generator},
        "policy": {
            "episodes": _absolute(settings.episodes),
            "require_approval": settings.require_approval,
        },
        CELL_NODE: {"seed": settings.seed},
    }
    return shared | own.get(node, {})


def _changed(settings: Settings, *names: str) -> dict[str, Any]:
    defaults = {entry.name: entry.default for entry in fields(Settings)}
    return {name: getattr(settings, name) for name in names if getattr(settings, name) != defaults[name]}


def _absolute(path: str) -> str:
    return str(Path(path).absolute())

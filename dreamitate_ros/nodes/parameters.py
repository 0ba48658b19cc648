"""Parameters as the nodes declare them: described, read once at start, checked with words."""

from pathlib import Path
from typing import Any

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.rig import Rig, load_rig
from dreamitate_ros.task import require_range


def text(node: Node, name: str, default: str, description: str) -> str:
    """A string parameter."""
    return str(_declare(node, name, default, description))


def number(node: Node, name: str, default: float, description: str, low: float, high: float) -> float:
    """A number within [low, high]; raises INVALID_PARAMETER. A whole number may be written without a point."""
    about = f"{description} ({low:g} to {high:g})"
    return require_range(name, _declare(node, name, default, about, dynamic_typing=True), low, high)


def flag(node: Node, name: str, default: bool, description: str) -> bool:
    """A boolean parameter."""
    return bool(_declare(node, name, default, description))


def config(node: Node) -> Path:
    """The parameter `config`: the folder with tasks/ and tools/."""
    given = text(node, "config", "", "folder with tasks/ and tools/; empty: the one of this package")
    return Path(given) if given else config_directory()


def rig(node: Node) -> Rig:
    """The parameter `rig`: the calibrated cameras and arms."""
    return load_rig(Path(rig_path(node)))


def rig_path(node: Node) -> str:
    """The path in the parameter `rig`."""
    return text(
        node, "rig", str(config_directory() / "rigs" / "cell.yaml"), "YAML file of the calibrated rig"
    )


def tool_directories(node: Node) -> dict[str, Path]:
    """The parameter `tools`: arm -> folder of the tool it holds, where that is not one of config/tools."""
    given = text(
        node, "tools", "", "other tool meshes, like left=DIR,right=DIR; empty: the task's, in config/tools"
    )
    directories = {}
    for entry in filter(None, given.split(",")):
        arm, separator, directory = (part.strip() for part in entry.partition("="))
        if not (arm and separator and directory):
            raise DreamitateError(
                ErrorCode.INVALID_PARAMETER, f"tools must look like left=DIR,right=DIR, found '{given}'"
            )
        directories[arm] = Path(directory)
    return directories


def _declare(node: Node, name: str, default: Any, description: str, dynamic_typing: bool = False) -> Any:
    descriptor = ParameterDescriptor(description=description, dynamic_typing=dynamic_typing)
    return node.declare_parameter(name, default, descriptor).value

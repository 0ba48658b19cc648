"""A rigid tool that a person's hand and a robot's flange can both hold: its mesh and how it mounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import trimesh
from scipy.spatial.transform import Rotation

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.geometry import inverse, is_rigid, transform
from dreamitate_ros.values import Array
from dreamitate_ros.yaml_file import load_mapping, matrix

INVALID = ErrorCode.INVALID_TOOL
SMALLEST_M, LARGEST_M = 0.01, 2.0
MESH_SUFFIXES = (".obj", ".ply", ".stl", ".glb")


@dataclass(frozen=True)
class Symmetry:
    """Turns about an axis after which the tool looks the same. Tool frame.

    axis: (3,) unit. origin_m: (3,) a point on it. order: how many such turns make a full one; None: any turn.
    """

    axis: Array
    origin_m: Array
    order: int | None

    def nearest(self, target_from_tool: Array, target_from_other: Array) -> Array:
        """(4, 4) the equivalent of the first pose that is turned least from the second."""
        tool_from_other = inverse(target_from_tool) @ target_from_other
        x, y, z, w = Rotation.from_matrix(tool_from_other[:3, :3]).as_quat()
        turn_rad = 2.0 * np.arctan2(np.dot([x, y, z], self.axis), w)  # the twist about the axis
        if self.order is not None:
            step_rad = 2 * np.pi / self.order
            turn_rad = step_rad * np.round(turn_rad / step_rad)
        return target_from_tool @ self.turn(float(turn_rad))

    def turn(self, angle_rad: float) -> Array:
        """(4, 4) the turn by an angle about the axis."""
        rotation = Rotation.from_rotvec(angle_rad * self.axis).as_matrix()
        return transform(rotation, self.origin_m - rotation @ self.origin_m)


@dataclass(frozen=True, eq=False)
class Tool:
    """One tool, equal to itself alone: what is prepared from it may be kept for as long as it is.

    name: as in the task. mesh: in metres, in the tool's frame; with or without texture or colours.

    flange_from_tool: (4, 4) how the tool mounts on the arm's tool0; identity when only tracked.
    symmetry: turns that no camera can tell apart; None when there are none.
    """

    name: str
    mesh: trimesh.Trimesh
    flange_from_tool: Array
    mesh_path: Path
    symmetry: Symmetry | None = None


def load_tool(name: str, directory: Path, like: Path | None = None) -> Tool:
    """The tool in `directory`: one mesh (tool.obj, .ply, .stl, .glb) and tool.yaml with mount, symmetry and colour.

    color: [red, green, blue], 0..1, of a mesh that brings none (STL cannot); without it the tracker has but the
    shape to find a tool by, and a hand blurs that.

    like: folder of the tool whose tool.yaml holds for it too when it has none of its own.

    Raises DreamitateError(INVALID_TOOL) when the mesh is missing, unreadable, empty or not in metres.
    """
    paths = [
        directory / f"tool{suffix}" for suffix in MESH_SUFFIXES if (directory / f"tool{suffix}").is_file()
    ]
    if not paths:
        raise DreamitateError(
            INVALID,
            f"{directory} holds no tool mesh; expected tool{', tool'.join(MESH_SUFFIXES)}",
        )
    own_mount = directory / "tool.yaml"
    path = own_mount if own_mount.is_file() or like is None else like / "tool.yaml"
    content = load_mapping(path, INVALID) if path.is_file() else {}
    mesh = _colored(_load_mesh(paths[0]), content, path)
    return Tool(name, mesh, _mount(content, path), paths[0], _symmetry(content, path))


def load_tools(
    arm_tools: Mapping[str, str], config: Path, directories: Mapping[str, Path] = MappingProxyType({})
) -> dict[str, Tool]:
    """arm -> Tool, of a task's arm_tools: from directories[arm] or, where that says nothing, from config/tools."""
    return {
        arm: load_tool(arm, directories.get(arm, config / "tools" / name), like=config / "tools" / name)
        for arm, name in arm_tools.items()
    }


def _load_mesh(path: Path) -> trimesh.Trimesh:
    try:
        mesh = trimesh.load(path, force="mesh", process=False)
    except Exception as error:  # trimesh raises many types, one per format
        raise DreamitateError(INVALID, f"{path} does not load as a mesh: {error}") from None
    if not isinstance(mesh, trimesh.Trimesh) or len(mesh.faces) == 0 or not np.isfinite(mesh.vertices).all():
        raise DreamitateError(
            INVALID,
            f"{path} has no triangles with finite corners; export the mesh again",
        )
    size_m = float(np.ptp(mesh.vertices, axis=0).max())
    if not SMALLEST_M <= size_m <= LARGEST_M:
        raise DreamitateError(
            INVALID,
            f"{path} is {size_m:g} units long; a tool measures {SMALLEST_M:g} to {LARGEST_M:g} m:"
            " is the mesh in millimetres? Scale it to metres",
        )
    return mesh


def _colored(mesh: trimesh.Trimesh, content: dict[str, Any], path: Path) -> trimesh.Trimesh:
    """The mesh in the declared colour, unless it has its own."""
    declared = content.get("color")
    if declared is None or mesh.visual.defined:
        return mesh
    color = matrix({"color": [declared]}, "color", (1, 3), path, INVALID)[0]
    if (color < 0).any() or (color > 1).any():
        raise DreamitateError(
            INVALID, f"{path}: 'color' must be three numbers from 0 to 1, found {declared!r}"
        )
    mesh.visual.vertex_colors = np.tile([*np.round(255 * color), 255], (len(mesh.vertices), 1)).astype(
        np.uint8
    )
    return mesh


def _mount(content: dict[str, Any], path: Path) -> Array:
    if not content:
        return np.eye(4)
    mount = matrix(content, "flange_from_tool", (4, 4), path, INVALID)
    if not is_rigid(mount):
        raise DreamitateError(INVALID, f"{path}: the rotation of 'flange_from_tool' is not orthonormal")
    return mount


def _symmetry(content: dict[str, Any], path: Path) -> Symmetry | None:
    declared = content.get("symmetry")
    if declared is None:
        return None
    expected = (
        f"{path}: 'symmetry' must read like {{axis: [0, 0, 1], origin: [0, 0, 0], order: 2}}"
        " (order: a whole number above 1, or continuous)"
    )
    if not isinstance(declared, dict) or not {"axis", "order"} <= set(declared):
        raise DreamitateError(INVALID, f"{expected}, found {declared!r}")
    order = None if declared["order"] == "continuous" else declared["order"]
    if order is not None and (not isinstance(order, int) or order < 2):
        raise DreamitateError(INVALID, f"{expected}, found the order {declared['order']!r}")
    rows = {"axis": [declared["axis"]], "origin": [declared.get("origin", [0, 0, 0])]}
    axis, origin_m = (matrix(rows, key, (1, 3), path, INVALID)[0] for key in ("axis", "origin"))
    if np.linalg.norm(axis) < 1e-6:
        raise DreamitateError(INVALID, f"{expected}, found an axis of no length")
    return Symmetry(axis / np.linalg.norm(axis), origin_m, order)

"""A rigid tool that a person's hand and a robot's flange can both hold: its mesh and how it mounts."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import trimesh

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.geometry import is_rigid
from dreamitate_ros.values import Array
from dreamitate_ros.yaml_file import load_mapping, matrix

INVALID = ErrorCode.INVALID_TOOL
SMALLEST_M, LARGEST_M = 0.01, 2.0
MESH_SUFFIXES = (".obj", ".ply", ".stl", ".glb")


@dataclass(frozen=True)
class Tool:
    """name: as in the task. mesh: textured, in metres, in the tool's frame.

    flange_from_tool: (4, 4) how the tool mounts on the arm's tool0; identity when only tracked.
    """

    name: str
    mesh: trimesh.Trimesh
    flange_from_tool: Array
    mesh_path: Path


def load_tool(name: str, directory: Path, like: Path | None = None) -> Tool:
    """The tool in `directory`: one mesh (tool.obj, .ply, .stl, .glb) and, for arms, tool.yaml with its mount.

    like: folder of the tool that it mounts like when it has no tool.yaml of its own.

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
    mount = own_mount if own_mount.is_file() or like is None else like / "tool.yaml"
    return Tool(name, _load_mesh(paths[0]), _load_mount(mount), paths[0])


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


def _load_mount(path: Path) -> Array:
    if not path.is_file():
        return np.eye(4)
    mount = matrix(load_mapping(path, INVALID), "flange_from_tool", (4, 4), path, INVALID)
    if not is_rigid(mount):
        raise DreamitateError(INVALID, f"{path}: the rotation of 'flange_from_tool' is not orthonormal")
    return mount

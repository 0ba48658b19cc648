"""Where a tool is on the flange, from the drawing of its mount; a pivot's measured tip moves it into place."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from dreamitate_ros.calibrate.pivot import Pivot
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.geometry import transform
from dreamitate_ros.values import Array
from dreamitate_ros.yaml_file import load_mapping, matrix

INVALID = ErrorCode.INVALID_TOOL
AXES = ("x", "y", "z")
LARGEST_OFF_M = 0.005
"""A printed mount and its screws are a few mm off; more is another mount, or a step read wrongly."""

EXPECTED = (
    "'steps' must be a list of moves and turns from the flange outwards, like"
    " [{move_mm: [0, 0, 53]}, {turn_deg: 45, about: y}]"
)


@dataclass(frozen=True)
class Mount:
    """flange_from_tool: (4, 4). tip_m: (3,) the tip in the tool's frame, None where the drawing does not say."""

    flange_from_tool: Array
    tip_m: Array | None = None


def read_mount(path: Path) -> Mount:
    """The mount of a YAML file with `steps`, each in the frame that the one before left, and perhaps `tip_mm` (3
    numbers, tool frame); raises INVALID_TOOL."""
    content = load_mapping(path, INVALID)
    steps = content.get("steps")
    if not isinstance(steps, list) or not steps:
        raise DreamitateError(INVALID, f"{path}: {EXPECTED}, found {steps!r}")
    flange_from_tool = np.eye(4)
    for step in steps:
        flange_from_tool = flange_from_tool @ _step(step, path)
    return Mount(flange_from_tool, 1e-3 * _numbers(content, "tip_mm", path) if "tip_mm" in content else None)


def moved_to(mount: Mount, pivot: Pivot) -> tuple[Mount, float]:
    """The mount shifted so that its tip is where the pivot found it, and by how many m; raises INVALID_TOOL."""
    if mount.tip_m is None:
        raise DreamitateError(
            INVALID, "the drawing needs 'tip_mm', the tip in the tool's frame, to be compared with a pivot"
        )
    drawn_m = mount.flange_from_tool[:3, :3] @ mount.tip_m + mount.flange_from_tool[:3, 3]
    off_m = float(np.linalg.norm(pivot.tip_m - drawn_m))
    if off_m > LARGEST_OFF_M:
        raise DreamitateError(
            INVALID,
            f"the pivot found the tip {1e3 * off_m:.1f} mm from where the drawing has it"
            f" ({1e3 * LARGEST_OFF_M:g} mm are allowed), by {np.round(1e3 * (pivot.tip_m - drawn_m), 1).tolist()} mm in"
            " the flange's frame: read the drawing's steps again, or check that the tool sits as drawn",
        )
    moved = mount.flange_from_tool.copy()
    moved[:3, 3] += pivot.tip_m - drawn_m
    return Mount(moved, mount.tip_m), off_m


def mount_text(mount: Mount) -> str:
    """What tool.yaml says of it."""
    rows = [", ".join(f"{number:.8g}" for number in row) for row in mount.flange_from_tool + 0.0]
    return "\n".join(["flange_from_tool:", *(f"  - [{row}]" for row in rows)])


def _step(step: Any, path: Path) -> Array:
    if isinstance(step, dict) and set(step) == {"move_mm"}:
        return transform(np.eye(3), 1e-3 * _numbers(step, "move_mm", path))
    if isinstance(step, dict) and set(step) == {"turn_deg", "about"} and step["about"] in AXES:
        angle = matrix({"turn_deg": [[step["turn_deg"]]]}, "turn_deg", (1, 1), path, INVALID)[0, 0]
        return transform(Rotation.from_euler(step["about"], angle, degrees=True).as_matrix(), np.zeros(3))
    raise DreamitateError(INVALID, f"{path}: {EXPECTED}, found the step {step!r}")


def _numbers(content: dict[str, Any], key: str, path: Path) -> Array:
    return matrix({key: [content[key]]}, key, (1, 3), path, INVALID)[0]

"""Where a tool's tip is on the flange: the tip rests in a dimple while the arm turns the tool about it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dreamitate_ros.calibrate.checks import turn_spread
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.kinematics import flange_pose
from dreamitate_ros.values import Array
from dreamitate_ros.yaml_file import load_mapping, matrix

INVALID = ErrorCode.INVALID_TOOL
MIN_POSES = 6
MIN_TURN_DEG = 8.0
MAX_RMS_M = 0.001


@dataclass(frozen=True)
class Pivot:
    """tip_m: (3,) in the flange's frame. base_from_pivot_m: (3,) the dimple. residuals_m: (N,) of each pose."""

    tip_m: Array
    base_from_pivot_m: Array
    residuals_m: Array

    @property
    def rms_m(self) -> float:
        """Root mean square distance of the tip from the dimple."""
        return float(np.sqrt(np.mean(self.residuals_m**2)))


def find_tip(base_from_flange: Array) -> Pivot:
    """From flange poses (N, 4, 4); raises INVALID_TOOL when they cannot tell the tip or contradict each other."""
    if len(base_from_flange) < MIN_POSES:
        raise DreamitateError(
            INVALID, f"{len(base_from_flange)} poses do not fix the tip; record at least {MIN_POSES}"
        )
    _require_turned(base_from_flange)
    rotations, shifts = base_from_flange[:, :3, :3], base_from_flange[:, :3, 3]
    # rotation @ tip + shift = pivot, for every pose
    left = np.concatenate([rotations, np.broadcast_to(-np.eye(3), rotations.shape)], axis=2).reshape(-1, 6)
    found = np.linalg.lstsq(left, -shifts.ravel(), rcond=None)[0]
    residuals_m = np.linalg.norm(rotations @ found[:3] + shifts - found[3:], axis=1)
    pivot = Pivot(found[:3], found[3:], residuals_m)
    if pivot.rms_m > MAX_RMS_M:
        raise DreamitateError(
            INVALID,
            f"the tip moved by {1e3 * pivot.rms_m:.1f} mm ({1e3 * MAX_RMS_M:g} mm are allowed), most in pose"
            f" {int(residuals_m.argmax())}: it slipped out of the dimple, or the tool is loose; record that pose again",
        )
    return pivot


def _require_turned(base_from_flange: Array) -> None:
    """Turns about one axis leave the tip free along it."""
    spread_deg, _ = turn_spread(base_from_flange)
    if spread_deg[1] < MIN_TURN_DEG:
        raise DreamitateError(
            INVALID,
            f"the poses are too similar: the tool leans by {spread_deg[0]:.0f} deg one way but only"
            f" {spread_deg[1]:.0f} deg the other; lean it by 20 deg or more to all sides",
        )


def read_poses(path: Path) -> Array:
    """(N, 4, 4) flange poses of a YAML file with `joints_rad: [[6 numbers], ...]`; raises INVALID_TOOL."""
    content = load_mapping(path, INVALID)
    rows = content.get("joints_rad")
    if not isinstance(rows, list) or not rows:
        raise DreamitateError(INVALID, f"{path}: 'joints_rad' must be a list of poses, 6 numbers each")
    return flange_pose(matrix(content, "joints_rad", (len(rows), 6), path, INVALID))

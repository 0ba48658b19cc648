"""What was recorded for a calibration: photos of the board, and where it was held. A folder with recording.yaml."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from dreamitate_ros.calibrate.board import Board, board_from
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.kinematics import flange_pose
from dreamitate_ros.geometry import is_rigid
from dreamitate_ros.values import Array, Camera
from dreamitate_ros.yaml_file import load_mapping, matrix

INVALID = ErrorCode.INVALID_PARAMETER
FILE = "recording.yaml"
VIEWS = ("top", "side")
TABLE, HAND = "table", "hand"
ARMS = ("left", "right")


@dataclass(frozen=True)
class Pose:
    """One place of the board, photographed.

    held_by: an arm, `table` (it lies flat on it, printed side up) or `hand`. photos: view -> path, one or both.
    base_from_flange: (4, 4) of that arm's base_link and tool0; None when no arm holds the board.
    """

    held_by: str
    photos: dict[str, Path]
    base_from_flange: Array | None = None


@dataclass(frozen=True)
class Recording:
    """board; cameras: view -> the camera of its whole photos; poses; recorded_at: when."""

    board: Board
    cameras: dict[str, Camera]
    poses: list[Pose]
    recorded_at: datetime


def read_recording(folder: Path) -> Recording:
    """Read and check FOLDER/recording.yaml; raises INVALID_PARAMETER naming the entry that is wrong.

    recorded_at: 2026-11-22T14:30:00Z
    board: {columns: 7, rows: 5, square_m: 0.038, marker_m: 0.028, dictionary: DICT_5X5_100, thickness_m: 0.003}
    width: 1280
    height: 720
    top: {K: 3x3}
    side: {K: 3x3}
    poses:
      - {top: 00_top.png, side: 00_side.png, held_by: left, joints_rad: [6 numbers]}   # or base_from_flange: 4x4
      - {top: 01_top.png, side: 01_side.png, held_by: table}

    base_from_flange, as the driver's transforms tell it, knows how this arm was built; joints_rad stand for a UR5e of
    nominal measures, from which real ones differ by millimetres.
    """
    path = folder / FILE
    content = load_mapping(path, INVALID)
    for key in ("recorded_at", "board", "width", "height", "top", "side", "poses"):
        if key not in content:
            raise DreamitateError(INVALID, f"{path}: '{key}' is missing")
    if not isinstance(content["poses"], list) or not content["poses"]:
        raise DreamitateError(
            INVALID, f"{path}: 'poses' must be a list with an entry for each place of the board"
        )
    return Recording(
        board=board_from(_mapping(content["board"], "board", path)),
        cameras={view: _camera(content, view, path) for view in VIEWS},
        poses=[_pose(entry, f"poses[{index}]", path) for index, entry in enumerate(content["poses"])],
        recorded_at=_instant(content["recorded_at"], path),
    )


def _pose(entry: Any, where: str, path: Path) -> Pose:
    entry = _mapping(entry, where, path)
    held_by = entry.get("held_by")
    if held_by not in (*ARMS, TABLE, HAND):
        raise DreamitateError(
            INVALID,
            f"{path}: {where}.held_by must be one of {', '.join((*ARMS, TABLE, HAND))}, found {held_by!r}",
        )
    photos = {view: path.parent / str(entry[view]) for view in VIEWS if view in entry}
    if not photos:
        raise DreamitateError(INVALID, f"{path}: {where} names no photo; expected 'top', 'side' or both")
    return Pose(held_by, photos, _flange(entry, where, path) if held_by in ARMS else None)


def _flange(entry: dict[str, Any], where: str, path: Path) -> Array:
    if "base_from_flange" in entry:
        pose = matrix(entry, "base_from_flange", (4, 4), path, INVALID)
        if not is_rigid(pose):
            raise DreamitateError(INVALID, f"{path}: {where}.base_from_flange is no rigid transform")
        return pose
    joints = entry.get("joints_rad")
    if not isinstance(joints, list) or len(joints) != 6:
        raise DreamitateError(
            INVALID, f"{path}: {where} needs the arm's 'joints_rad' (6 numbers) or 'base_from_flange' (4x4)"
        )
    return flange_pose(matrix({"joints_rad": [joints]}, "joints_rad", (1, 6), path, INVALID)[0])


def _camera(content: dict[str, Any], view: str, path: Path) -> Camera:
    width, height = content["width"], content["height"]
    if not all(isinstance(size, int) and size > 0 for size in (width, height)):
        raise DreamitateError(
            INVALID, f"{path}: 'width' and 'height' must be whole numbers of pixels above 0"
        )
    section = _mapping(content[view], view, path)
    K = matrix(section, "K", (3, 3), path, INVALID)
    if K[0, 0] <= 0 or K[1, 1] <= 0 or not np.allclose(K[2], [0, 0, 1]):
        raise DreamitateError(INVALID, f"{path}: '{view}.K' is no camera matrix")
    if np.any(section.get("D", [])):
        raise DreamitateError(
            INVALID,
            f"{path}: '{view}.D' tells of lens distortion, which a rig does not hold; undistort the photos",
        )
    return Camera(K, width, height)


def _mapping(value: Any, where: str, path: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DreamitateError(INVALID, f"{path}: '{where}' must be a mapping, found {value!r}")
    return value


def _instant(value: Any, path: Path) -> datetime:
    try:
        instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise DreamitateError(
            INVALID, f"{path}: 'recorded_at' must be a date like 2026-11-22T14:30:00Z, found {value!r}"
        ) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)

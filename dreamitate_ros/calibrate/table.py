"""The world's frame: on the table that the board lay on, below the middle between the cameras."""

from collections.abc import Sequence

import numpy as np

from dreamitate_ros.calibrate.board import MM, Board
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.geometry import apply, inverse, transform
from dreamitate_ros.values import Array

FLAT_M = 0.003


def world_from_top(top_from_boards: Sequence[Array], top_from_side: Array, board: Board) -> Array:
    """(4, 4): z up from the table, x as in the top image. From poses of the board lying on the table, printed side up.

    Raises INVALID_RIG when several of them are not in one plane.
    """
    corners_m = np.concatenate([apply(pose, board.corners_m) for pose in top_from_boards])
    middle_m = corners_m.mean(axis=0)
    normal = np.linalg.svd(corners_m - middle_m)[2][2]
    up = normal if normal @ middle_m < 0 else -normal  # towards the cameras
    off_m = float(np.abs((corners_m - middle_m) @ up).max())
    if off_m > FLAT_M:
        raise DreamitateError(
            ErrorCode.INVALID_RIG,
            f"the boards on the table are up to {off_m / MM:.1f} mm out of one plane; was it always flat on the table?",
        )
    x = np.array([1.0, 0.0, 0.0]) - up[0] * up
    x /= np.linalg.norm(x)
    between_m = top_from_side[:3, 3] / 2
    height_m = (between_m - middle_m) @ up + board.thickness_m
    rotation = np.column_stack([x, np.cross(up, x), up])
    return inverse(transform(rotation, between_m - height_m * up))

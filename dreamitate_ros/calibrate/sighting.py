"""Finding the board in a photo, and refusing photos that would spoil a calibration."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dreamitate_ros.calibrate.board import DICTIONARIES, Board
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.values import Array, Image

MIN_CORNERS = 8
SHARP_EDGE_PX = 6.5
"""Widest black-to-white transition of a usable photo. In photos of the simulated cell it is 3 to 4 px; a Gaussian
blur of 2.5 px makes it 7, motion over 9 px 8.5, and corners begin to be lost."""
NOISE_PX = 0.7  # smoothed by so much first, since noise has slopes too


@dataclass(frozen=True)
class Sighting:
    """The board in one photo. ids: (N,) of its corners. corners_px: (N, 2), pixel centres at integers."""

    ids: NDArray[np.int_]
    corners_px: Array


def find_board(photo: Image, board: Board, what: str) -> Sighting | None:
    """The board in a photo (H, W, 3) RGB; None when no marker of any kind is in it.

    Raises INVALID_RIG naming `what` and the reason when the photo shows another board, too little of this one, or a
    blurred one.
    """
    grey = np.asarray(cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY), np.uint8)
    corners, ids, markers, marker_ids = board.detector().detectBoard(grey)
    if marker_ids is None or len(marker_ids) == 0:
        _require_no_other_board(grey, board, what)
        return None
    foreign = sorted({int(marker) for marker in np.ravel(marker_ids) if marker >= board.markers})
    if foreign:
        raise _refused(
            what, f"shows marker {foreign[0]}, which is not on the board ({board}): another board?"
        )
    edge_px = edge_width_px(grey, np.concatenate([marker.reshape(-1, 2) for marker in markers]))
    if edge_px > SHARP_EDGE_PX:
        raise _refused(
            what,
            f"is blurred: edges are {edge_px:.1f} px wide; hold still, focus, or expose for a shorter time",
        )
    if ids is None or len(ids) < MIN_CORNERS:
        found = 0 if ids is None else len(ids)
        raise _refused(
            what,
            f"shows {len(marker_ids)} markers but only {found} corners that fit the board ({board}); at least"
            f" {MIN_CORNERS} are needed: another board, or is it covered or cut off?",
        )
    return Sighting(np.ravel(ids).astype(int), np.asarray(corners, float).reshape(-1, 2))


def edge_width_px(grey: NDArray[np.uint8], around_px: Array) -> float:
    """How wide the sharpest edges are inside these points (N, 2), in the blurriest direction.

    An edge of a contrast C has its steepest slope C / width. Motion blurs one direction only, so four are compared.
    """
    filled = np.zeros(grey.shape, np.uint8)
    cv2.fillConvexPoly(filled, cv2.convexHull(around_px.astype(np.float32)).astype(np.int32), 1)
    inside = filled > 0
    smooth = cv2.GaussianBlur(grey.astype(np.float32), (0, 0), NOISE_PX)
    contrast = float(np.percentile(smooth[inside], 95) - np.percentile(smooth[inside], 5))
    slope_y, slope_x = (slope[inside] for slope in np.gradient(smooth))
    steepest = [
        np.percentile(np.abs(np.cos(angle) * slope_x + np.sin(angle) * slope_y), 99)
        for angle in np.arange(4) * np.pi / 4
    ]
    return contrast / max(float(min(steepest)), 1e-6)


def _require_no_other_board(grey: NDArray[np.uint8], board: Board, what: str) -> None:
    """Say so when it is a board, but of another dictionary."""
    for name in DICTIONARIES[2::4]:  # each kind's 250: the smaller ones are parts of it
        other = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, name)))
        _, ids, _ = other.detectMarkers(grey)
        if ids is not None and len(ids) > 3:
            raise _refused(what, f"shows markers of {name.rsplit('_', 1)[0]}, not of the board ({board})")


def _refused(what: str, reason: str) -> DreamitateError:
    return DreamitateError(ErrorCode.INVALID_RIG, f"{what} {reason}")

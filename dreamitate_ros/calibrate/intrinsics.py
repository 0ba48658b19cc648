"""A check of the cameras' stated intrinsics against the same photos."""

from collections.abc import Sequence

import cv2
import numpy as np

from dreamitate_ros.calibrate.board import Board
from dreamitate_ros.calibrate.solve import Seen
from dreamitate_ros.values import Camera


def focal_change(view: str, seen: Sequence[Seen], board: Board, camera: Camera) -> float:
    """By how much these photos' own focal length differs from K's, relative. Only a check: few photos of one small
    board fix it less well than the maker did."""
    sightings = [one.sightings[view] for one in seen if view in one.sightings]
    flags = (
        cv2.CALIB_USE_INTRINSIC_GUESS | cv2.CALIB_FIX_PRINCIPAL_POINT | cv2.CALIB_FIX_ASPECT_RATIO
        | cv2.CALIB_ZERO_TANGENT_DIST | cv2.CALIB_FIX_K1 | cv2.CALIB_FIX_K2 | cv2.CALIB_FIX_K3
    )  # fmt: skip
    _, K, *_ = cv2.calibrateCamera(
        [board.corners_m[sighting.ids].astype(np.float32) for sighting in sightings],
        [sighting.corners_px.astype(np.float32) for sighting in sightings],
        (camera.width, camera.height),
        camera.K.copy(),
        np.zeros(5),
        flags=flags,
    )
    return float(K[0, 0] / camera.K[0, 0] - 1)

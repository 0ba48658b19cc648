"""First guesses in closed form: the board from a camera, and an arm's base from a camera that watches its flange.

OpenCV 5.0 no longer offers calibrateHandEye in Python. This is the same separable solution (Park and Martin, 1994):
the motions' rotation axes are aligned first, then the translation is linear.
"""

from collections.abc import Sequence
from itertools import combinations

import cv2
import numpy as np
from scipy.spatial.transform import Rotation

from dreamitate_ros.calibrate.board import Board
from dreamitate_ros.calibrate.sighting import Sighting
from dreamitate_ros.geometry import angle_rad, apply, inverse, project, transform
from dreamitate_ros.values import Array, Camera

MIN_TURN_RAD = 0.05  # of a motion whose axis says something


def camera_from_board(sighting: Sighting, board: Board, camera: Camera) -> Array:
    """(4, 4) the board's pose from one photo."""
    points_m = board.corners_m[sighting.ids]
    _, turn, shift = cv2.solvePnP(points_m, sighting.corners_px, camera.K, None, flags=cv2.SOLVEPNP_IPPE)
    turn, shift = cv2.solvePnPRefineLM(points_m, sighting.corners_px, camera.K, None, turn, shift)
    return transform(Rotation.from_rotvec(turn.ravel()).as_matrix(), np.asarray(shift, float).ravel())


def reprojection_px(sighting: Sighting, board: Board, camera: Camera) -> float:
    """Root mean square distance of the corners from those of a flat board in the pose that suits them best."""
    points_m = apply(camera_from_board(sighting, board, camera), board.corners_m[sighting.ids])
    apart_px = project(camera, points_m) - sighting.corners_px
    return float(np.sqrt(np.mean(np.sum(apart_px**2, axis=1))))


def middle_pose(poses: Sequence[Array]) -> Array:
    """The one of several measurements (4, 4) of a pose that is nearest to the others: no outlier, no mean of two."""
    stack = np.array(poses)
    distance = [
        np.median(np.linalg.norm(stack[:, :3, 3] - one[:3, 3], axis=1) + angle_rad(inverse(one) @ stack))
        for one in stack
    ]
    return np.array(stack[int(np.argmin(distance))])


def base_from_camera(base_from_flange: Array, camera_from_board: Array) -> Array:
    """(4, 4) from N poses (N, 4, 4) each of the flange and of the board that is fixed to it; N >= 3, turned."""
    pairs = list(combinations(range(len(base_from_flange)), 2))
    # base_from_camera @ moved_in_camera = moved_in_base @ base_from_camera
    in_base = np.array([base_from_flange[j] @ inverse(base_from_flange[i]) for i, j in pairs])
    in_camera = np.array([camera_from_board[j] @ inverse(camera_from_board[i]) for i, j in pairs])
    turned = angle_rad(in_base) > MIN_TURN_RAD
    in_base, in_camera = in_base[turned], in_camera[turned]
    rotation = Rotation.align_vectors(_rotvecs(in_base), _rotvecs(in_camera))[0].as_matrix()
    left = (in_base[:, :3, :3] - np.eye(3)).reshape(-1, 3)
    right = (in_camera[:, :3, 3] @ rotation.T - in_base[:, :3, 3]).reshape(-1)
    return transform(rotation, np.linalg.lstsq(left, right, rcond=None)[0])


def _rotvecs(poses: Array) -> Array:
    return np.asarray(Rotation.from_matrix(poses[:, :3, :3]).as_rotvec())

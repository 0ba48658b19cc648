"""What one photo alone tells of its board."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dreamitate_ros.calibrate.board import Board
from dreamitate_ros.calibrate.hand_eye import reprojection_px
from dreamitate_ros.calibrate.sighting import Sighting
from dreamitate_ros.geometry import apply, project, transform
from dreamitate_ros.rig import Rig
from dreamitate_ros.simulate.scene import photo_cameras


def test_the_reprojection_error_is_that_of_the_corners_and_shows_a_bent_board(rig: Rig, board: Board) -> None:
    camera = photo_cameras(rig)["top"]
    pose = transform(
        Rotation.from_euler("xy", [170, 15], degrees=True).as_matrix(), np.array([-0.1, 0.1, 0.7])
    )
    exact_px, ids = project(camera, apply(pose, board.corners_m)).copy(), np.arange(len(board.corners_m))
    assert reprojection_px(Sighting(ids, exact_px), board, camera) < 1e-3
    noisy_px = exact_px + np.random.default_rng(0).normal(0, 0.5, exact_px.shape)
    assert reprojection_px(Sighting(ids, noisy_px), board, camera) == pytest.approx(0.5 * np.sqrt(2), rel=0.3)
    bent_m = board.corners_m.copy()
    bent_m[:, 2] += 4.0 * (bent_m[:, 0] - bent_m[:, 0].mean()) ** 2
    bent_px = project(camera, apply(pose, bent_m)).copy()
    assert reprojection_px(Sighting(ids, bent_px), board, camera) > 1.0

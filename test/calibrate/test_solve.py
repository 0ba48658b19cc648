"""The joint solve on corners computed, not photographed: both arms, every way to hold the board."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dreamitate_ros.calibrate.board import Board
from dreamitate_ros.calibrate.checks import require_enough, require_good
from dreamitate_ros.calibrate.hand_eye import base_from_camera
from dreamitate_ros.calibrate.recording import Pose
from dreamitate_ros.calibrate.sighting import Sighting
from dreamitate_ros.calibrate.solve import Seen, solve
from dreamitate_ros.calibrate.table import world_from_top
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.geometry import angle_rad, apply, inverse, project, transform
from dreamitate_ros.rig import Rig
from dreamitate_ros.simulate.scene import photo_cameras
from dreamitate_ros.values import Array

NOISE_PX = 0.2


def some_poses(seed: int, count: int) -> Array:
    """(count, 4, 4) world_from_board above the table, facing up, each turned differently."""
    random = np.random.default_rng(seed)
    turns = Rotation.from_rotvec(np.deg2rad(random.uniform(-25, 25, (count, 3)))) * Rotation.from_euler(
        "x", np.pi
    )
    return transform(turns.as_matrix(), random.uniform([-0.3, 0.0, 0.05], [0.05, 0.15, 0.2], (count, 3)))


def sightings(
    rig: Rig, board: Board, top_from_board: Array, random: np.random.Generator
) -> dict[str, Sighting]:
    """What the cameras see of it."""
    seen = {}
    for view, camera in photo_cameras(rig).items():
        pose = top_from_board if view == "top" else rig.side_from_top @ top_from_board
        corners_px = project(camera, apply(pose, board.corners_m)) + random.normal(0, NOISE_PX, (24, 2))
        inside = ((corners_px > 0) & (corners_px < [camera.width, camera.height])).all(axis=1)
        if inside.sum() >= 8:
            seen[view] = Sighting(np.flatnonzero(inside), corners_px[inside])
    return seen


@pytest.fixture
def seen(rig: Rig, board: Board) -> list[Seen]:
    """Both arms, a hand and the table."""
    assert rig.world_from_top is not None
    random, top_from_world = np.random.default_rng(7), inverse(rig.world_from_top)
    flange_from_board = {
        arm: transform(Rotation.from_rotvec(turn).as_matrix(), np.array([0.02, -0.1, 0.05]))
        for arm, turn in (("left", [3.0, 0.2, 0.1]), ("right", [0.3, 2.9, -0.4]))
    }
    flat = transform(Rotation.from_euler("x", np.pi).as_matrix(), np.array([-0.1, 0.1, board.thickness_m]))
    held = [("table", flat), *(("hand", pose) for pose in some_poses(1, 3))]
    held += [(arm, pose) for index, arm in enumerate(("left", "right")) for pose in some_poses(2 + index, 12)]
    result = []
    for index, (held_by, world_from_board) in enumerate(held):
        top_from_board = top_from_world @ world_from_board
        flange = None
        if held_by in flange_from_board:
            flange = rig.base_from_top[held_by] @ top_from_board @ inverse(flange_from_board[held_by])
        seen = sightings(rig, board, top_from_board, random)
        pose = Pose(held_by, {view: Path(f"{index}_{view}.png") for view in seen}, flange)
        result.append(Seen(pose, seen))
    return result


def test_both_arms_cameras_and_table_are_found(rig: Rig, board: Board, seen: list[Seen]) -> None:
    cameras = photo_cameras(rig)
    require_enough(seen, cameras, [])
    solution = solve(seen, board, cameras)
    require_good(solution, seen, board)
    assert rig.world_from_top is not None
    pairs = [
        (solution.top_from_side, rig.top_from_side),
        (world_from_top(solution.top_from_board[:1], solution.top_from_side, board), rig.world_from_top),
        *((solution.base_from_top[arm], rig.base_from_top[arm]) for arm in ("left", "right")),
    ]
    for found, true in pairs:
        apart = inverse(true) @ found
        assert np.linalg.norm(apart[:3, 3]) < 0.001
        assert np.rad2deg(angle_rad(apart)) < 0.1
    assert solution.scale is not None
    assert solution.scale[0] == pytest.approx(1.0, abs=0.003)
    assert solution.rms_px == pytest.approx(NOISE_PX * np.sqrt(2), rel=0.15)


def test_without_an_arm_the_cameras_are_still_found(rig: Rig, board: Board, seen: list[Seen]) -> None:
    solution = solve(seen[:4], board, photo_cameras(rig))
    assert solution.base_from_top == {}
    assert solution.scale is None
    assert np.linalg.norm((inverse(rig.top_from_side) @ solution.top_from_side)[:3, 3]) < 0.005


def test_hand_eye_in_closed_form_is_exact_without_noise(rig: Rig) -> None:
    base_from_top, flange_from_board = (
        rig.base_from_top["left"],
        transform(np.eye(3), np.array([0.1, 0.0, 0.2])),
    )
    top_from_board = inverse(base_from_top) @ some_poses(5, 6)
    found = base_from_camera(base_from_top @ top_from_board @ inverse(flange_from_board), top_from_board)
    np.testing.assert_allclose(found, base_from_top, atol=1e-9)


def test_corners_all_over_the_place_are_refused(rig: Rig, board: Board, seen: list[Seen]) -> None:
    random = np.random.default_rng(1)
    shaken = [
        Seen(one.pose, {v: Sighting(s.ids, s.corners_px + random.normal(0, 6.0, s.corners_px.shape))
                        for v, s in one.sightings.items()})
        for one in seen[:13]
    ]  # fmt: skip
    with pytest.raises(
        DreamitateError, match=r"away from where its joints put it|the reprojection error is \d"
    ):
        require_good(solve(shaken, board, photo_cameras(rig)), shaken, board)


def test_boards_in_two_planes_are_not_one_table(board: Board) -> None:
    flat = transform(Rotation.from_euler("x", np.pi).as_matrix(), np.array([0.0, 0.0, 0.7]))
    tipped = flat @ transform(Rotation.from_euler("y", 4, degrees=True).as_matrix(), np.zeros(3))
    with pytest.raises(DreamitateError, match="mm out of one plane; was it always flat on the table"):
        world_from_top([flat, tipped], np.eye(4), board)

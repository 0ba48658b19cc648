"""What makes a calibration trustworthy. Each refusal says what is wrong, and which pose or photo to take next."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.spatial.transform import Rotation

from dreamitate_ros.calibrate.board import MM, Board
from dreamitate_ros.calibrate.recording import ARMS, TABLE, VIEWS
from dreamitate_ros.calibrate.solve import Seen, Solution
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.values import Array, Camera

MIN_STEREO_POSES = 6
MIN_ARM_POSES = 8
MIN_TURN_DEG = 9.0
"""Least spread (standard deviation) of the board's turns about its second most turned axis."""
GRID = (4, 3)
MIN_CELLS = 5
MAX_RMS_PX = 1.0
MAX_POSE_PX = 3.0
MAX_ARM_ERROR = (3.0, 0.3)  # mm, deg
MAX_UNCERTAINTY = (1.0, 0.1)  # mm, deg
MAX_SCALE_ERROR = 0.005
MAX_FOCAL_CHANGE = 0.015


def require_enough(seen: Sequence[Seen], cameras: Mapping[str, Camera], left_out: Sequence[str]) -> None:
    """Raise INVALID_RIG unless the poses can determine the rig. left_out: why photos were not used."""
    because = (
        f". Left out: {'; '.join(left_out[:3])}{' ...' if len(left_out) > 3 else ''}" if left_out else ""
    )
    both = sum(len(one.sightings) == 2 for one in seen)
    if both < MIN_STEREO_POSES:
        raise _refused(
            f"both cameras see the board in {both} poses only; {MIN_STEREO_POSES} are needed: add poses over the"
            f" middle of the table{because}"
        )
    if not any(one.pose.held_by == TABLE for one in seen):
        raise _refused(
            "no pose shows the board on the table: lay it flat on the table, printed side up, in view of both"
            f" cameras, and add 'held_by: table'{because}"
        )
    for arm in ARMS:
        turns = [one.pose.base_from_flange for one in seen if one.pose.held_by == arm]
        if turns and len(turns) < MIN_ARM_POSES:
            raise _refused(
                f"the {arm} arm shows the board in {len(turns)} poses only; {MIN_ARM_POSES} are needed: add poses,"
                f" each turned differently{because}"
            )
        if turns:
            _require_turned(arm, np.array(turns))
    for view in VIEWS:
        _require_covered(view, seen, cameras[view])


def _require_turned(arm: str, base_from_flange: Array) -> None:
    spread_deg, _ = turn_spread(base_from_flange)
    if spread_deg[1] < MIN_TURN_DEG:
        raise _refused(
            f"the poses of the {arm} arm are too similar: the board turns by {spread_deg[0]:.0f} deg about one axis but"
            f" only {spread_deg[1]:.0f} deg about any other; {MIN_TURN_DEG:g} are needed: {next_turn(base_from_flange)}"
        )


def turn_spread(base_from_flange: Array) -> tuple[Array, Array]:
    """(3,) standard deviations of the turns in deg, largest first, and (3, 3) their axes in the flange as rows."""
    rotations = Rotation.from_matrix(base_from_flange[:, :3, :3])
    turns = (rotations.mean().inv() * rotations).as_rotvec()
    _, sizes, axes = np.linalg.svd(turns - turns.mean(axis=0), full_matrices=True)
    sizes = np.pad(sizes, (0, 3 - len(sizes)))
    return np.rad2deg(sizes / np.sqrt(len(turns))), axes


def next_turn(base_from_flange: Array) -> str:
    """Which turn to add, in words."""
    spread_deg, axes = turn_spread(base_from_flange)
    axis = axes[1] if spread_deg[1] < MIN_TURN_DEG else axes[2]
    name = "xyz"[int(np.abs(axis).argmax())]
    return f"add poses turned by 20 deg or more, both ways, about the flange's {name} axis"


def covered(view: str, seen: Sequence[Seen], camera: Camera) -> np.ndarray:
    """(3, 4) bool: which parts of the photo any corner was seen in."""
    columns, rows = GRID
    cells = np.zeros((rows, columns), bool)
    for one in seen:
        if view in one.sightings:
            x, y = one.sightings[view].corners_px.T
            column = np.clip(x / camera.width * columns, 0, columns - 1).astype(int)
            cells[np.clip(y / camera.height * rows, 0, rows - 1).astype(int), column] = True
    return cells


def next_place(view: str, cells: np.ndarray) -> str:
    """Where in the photo the board is missing most, in words."""
    rows, columns = np.nonzero(~cells)
    middle = (np.array(cells.shape) - 1) / 2
    nearest = int(np.argmin((rows - middle[0]) ** 2 + (columns - middle[1]) ** 2))
    high = ("upper", "middle", "lower")[rows[nearest]]
    wide = ("far left", "left half", "right half", "far right")[columns[nearest]]
    return f"add a pose with the board in the {high} part of the {wide} of the {view} photo"


def _require_covered(view: str, seen: Sequence[Seen], camera: Camera) -> None:
    cells = covered(view, seen, camera)
    if cells.sum() < MIN_CELLS:
        raise _refused(
            f"the board covers {cells.sum()} of {cells.size} parts of the {view} photo; {MIN_CELLS} are needed:"
            f" {next_place(view, cells)}"
        )


def require_good(solution: Solution, seen: Sequence[Seen], board: Board) -> None:
    """Raise INVALID_RIG unless the solution explains all photos, and is certain enough."""
    _require_size(solution, board)
    _require_small_arm_errors(solution, seen)
    _require_small_residuals(solution, seen)
    for name, (mm, deg) in solution.uncertainty.items():
        if mm > MAX_UNCERTAINTY[0] or deg > MAX_UNCERTAINTY[1]:
            what = (
                "where the cameras stand to each other"
                if name not in ARMS
                else f"where the {name} arm stands"
            )
            raise _refused(
                f"the poses tell {what} only to {mm:.1f} mm and {deg:.2f} deg; {MAX_UNCERTAINTY[0]:g} mm and"
                f" {MAX_UNCERTAINTY[1]:g} deg are allowed: add poses, nearer to the cameras and turned differently"
            )


def require_focal(view: str, change: float) -> None:
    """Raise INVALID_RIG when the photos contradict the camera's K; nothing else would show it."""
    if abs(change) > MAX_FOCAL_CHANGE:
        raise _refused(
            f"the photos of the {view} camera tell a focal length {100 * change:+.1f} % from that of its K"
            f" ({100 * MAX_FOCAL_CHANGE:g} % are allowed): is K of another resolution or another camera? Take it from"
            " its camera_info topic"
        )


def _require_size(solution: Solution, board: Board) -> None:
    if solution.scale is None:
        return
    scale, deviation = solution.scale
    if abs(scale - 1) > max(MAX_SCALE_ERROR, 5 * deviation):
        raise _refused(
            f"by the arm's motion the board's squares measure {scale * board.square_m / MM:.2f} mm, not"
            f" {board.square_m / MM:.2f} mm: was it printed at 100 %? Measure it and correct 'square_m' and 'marker_m'"
        )


def _require_small_residuals(solution: Solution, seen: Sequence[Seen]) -> None:
    worst_px, photo = max(
        (float(np.sqrt(np.mean(px**2))), one.pose.photos[view].name)
        for one, residuals in zip(seen, solution.residuals_px, strict=True)
        for view, px in residuals.items()
    )
    if solution.rms_px > MAX_RMS_PX or worst_px > MAX_POSE_PX:
        raise _refused(
            f"the reprojection error is {solution.rms_px:.2f} px ({MAX_RMS_PX:g} are allowed), most of all"
            f" {worst_px:.1f} px in {photo} ({MAX_POSE_PX:g} are allowed): did the board bend, were a pair's photos"
            " taken at different times, or are the cameras' K not those of the photos? Take that pose again"
        )


def _require_small_arm_errors(solution: Solution, seen: Sequence[Seen]) -> None:
    (mm, deg), worst = max(
        zip(solution.arm_errors, seen, strict=True),
        key=lambda pair: max(pair[0][0] / MAX_ARM_ERROR[0], pair[0][1] / MAX_ARM_ERROR[1]),
    )
    if mm > MAX_ARM_ERROR[0] or deg > MAX_ARM_ERROR[1]:
        raise _refused(
            f"the photos of the pose {next(iter(worst.pose.photos.values())).name} show the {worst.pose.held_by} arm's"
            f" flange {mm:.1f} mm and {deg:.2f} deg away from where its joints put it ({MAX_ARM_ERROR[0]:g} mm and"
            f" {MAX_ARM_ERROR[1]:g} deg are allowed): did the arm still move, or did the board slip? Take that pose"
            " again"
        )


def _refused(reason: str) -> DreamitateError:
    return DreamitateError(ErrorCode.INVALID_RIG, reason)

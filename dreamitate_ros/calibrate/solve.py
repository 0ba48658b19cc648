"""All transforms of the rig at once, where they explain the board's corners in all photos best.

Corners are known to a fraction of a pixel and an arm's flange only to a fraction of a millimetre. So each of the arm's
poses may deviate a little, at a price; without that, the arm's errors would bend the cameras' places.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from dreamitate_ros.calibrate.board import Board
from dreamitate_ros.calibrate.hand_eye import base_from_camera, camera_from_board, middle_pose
from dreamitate_ros.calibrate.recording import ARMS, VIEWS, Pose
from dreamitate_ros.calibrate.sighting import Sighting
from dreamitate_ros.geometry import angle_rad, inverse, transform
from dreamitate_ros.values import Array, Camera

CORNER_PX = 0.3  # standard deviation of where a corner is found
FLANGE_M, FLANGE_RAD = 0.0005, np.deg2rad(0.05)  # of where an arm's flange is, per axis
OUTLIER = 3.0  # standard deviations from which on an error counts less and less
FAR_PX = 1e4  # stands for a corner behind the camera


@dataclass(frozen=True)
class Seen:
    """A pose and the board as the cameras saw it: view -> Sighting, at least one."""

    pose: Pose
    sightings: Mapping[str, Sighting]


@dataclass(frozen=True)
class Solution:
    """The rig's transforms (4, 4), and how well they explain the photos.

    top_from_board: of each pose. residuals_px: of each pose, view -> (N,) distance of each corner.
    arm_errors: of each pose, (mm, deg) by which the photos contradict the arm; zero where none holds the board.
    uncertainty: top_from_side, left, right -> (mm, deg), one standard deviation as far as the photos tell.
    scale: size of the board as measured by the arms' motion, relative to the size stated, with its standard
    deviation; None without an arm.
    """

    top_from_side: Array
    base_from_top: dict[str, Array]
    top_from_board: list[Array]
    residuals_px: list[dict[str, Array]]
    arm_errors: list[tuple[float, float]]
    uncertainty: dict[str, tuple[float, float]]
    scale: tuple[float, float] | None

    @property
    def rms_px(self) -> float:
        """Root mean square distance over all corners of all photos."""
        everything = [px for pose in self.residuals_px for px in pose.values()]
        return float(np.sqrt(np.mean(np.concatenate(everything) ** 2)))


STEREO = "top_from_side"


def solve(seen: Sequence[Seen], board: Board, cameras: Mapping[str, Camera]) -> Solution:
    """Closed-form guesses, then everything minimised together.

    Needs poses seen by both cameras, and at least three turned ones per arm (checks.py says so in words).
    """
    problem = _Problem(seen, board, cameras)
    fit = _fit(problem, np.zeros(6 * len(problem.names)))
    state = problem.state(fit.x)
    return Solution(
        top_from_side=state[STEREO],
        base_from_top={arm: state[arm] for arm in problem.arms},
        top_from_board=list(problem.top_from_board(state)),
        residuals_px=problem.distances_px(state),
        arm_errors=[_size(state.get(f"flange {index}", np.eye(4))) for index in range(len(seen))],
        uncertainty=_uncertainty(problem, fit),
        scale=_scale(problem, fit.x) if problem.arms else None,
    )


def _fit(problem: "_Problem", start: Array) -> Any:
    return least_squares(problem.residuals, start, loss="huber", f_scale=OUTLIER, x_scale="jac")


class _Problem:
    """The unknowns as one vector: six numbers per transform (a turn in rad, a shift in m) away from the guess."""

    def __init__(self, seen: Sequence[Seen], board: Board, cameras: Mapping[str, Camera]) -> None:
        self._seen, self._board, self._cameras = seen, board, cameras
        self.arms = [arm for arm in ARMS if any(one.pose.held_by == arm for one in seen)]
        self._guess = self._first_guess()
        self.names = list(self._guess)
        self._deviations = np.array([name.startswith("flange ") for name in self.names])
        photos = [(i, view, s) for i, one in enumerate(seen) for view, s in one.sightings.items()]
        counts = [len(sighting.ids) for _, _, sighting in photos]
        self._pose = np.repeat([index for index, _, _ in photos], counts)
        self._view = np.repeat([VIEWS.index(view) for _, view, _ in photos], counts)
        self._ends = np.cumsum(counts)[:-1]
        self._points_m = board.corners_m[np.concatenate([sighting.ids for _, _, sighting in photos])]
        self._corners_px = np.concatenate([sighting.corners_px for _, _, sighting in photos])
        self._K = np.array([cameras[view].K for view in VIEWS])[self._view]

    def state(self, unknowns: Array) -> dict[str, Array]:
        steps = unknowns[: 6 * len(self.names)].reshape(-1, 6)
        moves = transform(Rotation.from_rotvec(steps[:, :3]).as_matrix(), steps[:, 3:])
        return {name: self._guess[name] @ move for name, move in zip(self.names, moves, strict=True)}

    def residuals(self, unknowns: Array) -> Array:
        """In standard deviations, of all corners and of the flanges; one number more than 6 per transform is the
        board's scale."""
        scale = float(unknowns[-1]) if len(unknowns) % 6 else 1.0
        deviations = unknowns[: 6 * len(self.names)].reshape(-1, 6)[self._deviations]
        prices = deviations / np.repeat([FLANGE_RAD, FLANGE_M], 3)
        return np.concatenate(
            [self._errors_px(self.state(unknowns), scale).ravel() / CORNER_PX, prices.ravel()]
        )

    def distances_px(self, state: Mapping[str, Array]) -> list[dict[str, Array]]:
        """Of each pose, view -> (N,) px."""
        per_photo = iter(np.split(np.linalg.norm(self._errors_px(state, 1.0), axis=1), self._ends))
        return [{view: next(per_photo) for view in one.sightings} for one in self._seen]

    def top_from_board(self, state: Mapping[str, Array]) -> Array:
        """(P, 4, 4) of each pose."""
        top_from_base = {arm: inverse(state[arm]) for arm in self.arms}
        return np.array(
            [
                state[f"board {index}"]
                if one.pose.base_from_flange is None
                else top_from_base[one.pose.held_by]
                @ one.pose.base_from_flange
                @ state[f"flange {index}"]
                @ state[f"{one.pose.held_by} board"]
                for index, one in enumerate(self._seen)
            ]
        )

    def _errors_px(self, state: Mapping[str, Array], scale: float) -> Array:
        """(M, 2) from where a corner was seen to where it should be."""
        boards = self.top_from_board(state)
        camera_from_board = np.array([boards, inverse(state[STEREO]) @ boards])[self._view, self._pose]
        points_m = (camera_from_board[:, :3, :3] @ (scale * self._points_m)[..., None])[..., 0]
        rays = (self._K @ (points_m + camera_from_board[:, :3, 3])[..., None])[..., 0]
        in_front = rays[:, 2:] > 1e-3
        errors_px = rays[:, :2] / np.where(in_front, rays[:, 2:], 1.0) - self._corners_px
        return np.where(in_front, errors_px, FAR_PX)

    def _first_guess(self) -> dict[str, Array]:
        views = [
            {
                view: camera_from_board(s, self._board, self._cameras[view])
                for view, s in one.sightings.items()
            }
            for one in self._seen
        ]
        stereo = middle_pose([at["top"] @ inverse(at["side"]) for at in views if len(at) == 2])
        boards = np.array([at["top"] if "top" in at else stereo @ at["side"] for at in views])
        guess = {STEREO: stereo}
        for arm in self.arms:
            mine = [index for index, one in enumerate(self._seen) if one.pose.held_by == arm]
            flanges = np.array([self._seen[index].pose.base_from_flange for index in mine])
            guess[arm] = base_from_camera(flanges, boards[mine])
            guess[f"{arm} board"] = middle_pose(list(inverse(flanges) @ guess[arm] @ boards[mine]))
            guess |= {f"flange {index}": np.eye(4) for index in mine}
        held = [index for index, one in enumerate(self._seen) if one.pose.base_from_flange is None]
        return guess | {f"board {index}": boards[index] for index in held}


def _size(move: Array) -> tuple[float, float]:
    """mm and deg."""
    return float(np.linalg.norm(move[:3, 3]) * 1e3), float(np.rad2deg(angle_rad(move)))


def _uncertainty(problem: _Problem, fit: Any) -> dict[str, tuple[float, float]]:
    spread = _standard_deviations(fit).reshape(-1, 6)
    by_name = dict(zip(problem.names, spread, strict=True))
    return {
        name: (
            float(np.linalg.norm(by_name[name][3:]) * 1e3),
            float(np.rad2deg(np.linalg.norm(by_name[name][:3]))),
        )
        for name in (STEREO, *problem.arms)
    }


def _scale(problem: _Problem, unknowns: Array) -> tuple[float, float]:
    fit = _fit(problem, np.append(unknowns, 1.0))
    return float(fit.x[-1]), float(_standard_deviations(fit)[-1])


def _standard_deviations(fit: Any) -> Array:
    """Of the unknowns, from the curvature at the solution and the size of what is left over."""
    freedom = max(1, len(fit.fun) - fit.jac.shape[1])
    covariance = np.linalg.pinv(fit.jac.T @ fit.jac) * float(fit.fun @ fit.fun) / freedom
    return np.sqrt(np.diag(covariance))

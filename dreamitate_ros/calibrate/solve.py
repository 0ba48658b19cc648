"""All transforms of the rig at once, where they explain the board's corners in all photos best."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from dreamitate_ros.calibrate.board import Board
from dreamitate_ros.calibrate.hand_eye import base_from_camera, camera_from_board, middle_pose
from dreamitate_ros.calibrate.recording import ARMS, Pose
from dreamitate_ros.calibrate.sighting import Sighting
from dreamitate_ros.geometry import apply, inverse, project, transform
from dreamitate_ros.values import Array, Camera

OUTLIER_PX = 1.0  # corners further off than this count less and less


@dataclass(frozen=True)
class Seen:
    """A pose and the board as the cameras saw it: view -> Sighting, at least one."""

    pose: Pose
    sightings: Mapping[str, Sighting]


@dataclass(frozen=True)
class Solution:
    """The rig's transforms (4, 4), and how well they explain the photos.

    top_from_board: of each pose. residuals_px: of each pose, view -> (N,) distance of each corner.
    uncertainty: top_from_side, left, right -> (mm, deg), one standard deviation as far as the photos tell.
    scale: size of the board as measured by the arms' motion, relative to the size stated, with its standard
    deviation; None without an arm.
    """

    top_from_side: Array
    base_from_top: dict[str, Array]
    top_from_board: list[Array]
    residuals_px: list[dict[str, Array]]
    uncertainty: dict[str, tuple[float, float]]
    scale: tuple[float, float] | None

    @property
    def rms_px(self) -> float:
        """Root mean square distance over all corners of all photos."""
        return float(
            np.sqrt(np.mean(np.concatenate([r for pose in self.residuals_px for r in pose.values()]) ** 2))
        )


STEREO, SCALE = "top_from_side", "scale"


def solve(seen: Sequence[Seen], board: Board, cameras: Mapping[str, Camera]) -> Solution:
    """Closed-form guesses, then all reprojection errors minimised together.

    Needs poses seen by both cameras, and at least three turned ones per arm (checks.py says so in words).
    """
    problem = _Problem(seen, board, cameras)
    fit = least_squares(problem.residuals, problem.start(), loss="huber", f_scale=OUTLIER_PX, x_scale="jac")
    state = problem.state(fit.x)
    poses = [problem.top_from_board(index, state) for index in range(len(seen))]
    return Solution(
        top_from_side=state[STEREO],
        base_from_top={arm: state[arm] for arm in problem.arms},
        top_from_board=poses,
        residuals_px=[
            {view: np.linalg.norm(problem.error(index, view, state, 1.0), axis=1) for view in one.sightings}
            for index, one in enumerate(seen)
        ],
        uncertainty=_uncertainty(problem, fit),
        scale=_scale(problem, fit.x) if problem.arms else None,
    )


class _Problem:
    """The unknowns as one vector: six numbers per transform (a turn in rad, a shift in m) away from the guess."""

    def __init__(self, seen: Sequence[Seen], board: Board, cameras: Mapping[str, Camera]) -> None:
        self._seen, self._board, self._cameras = seen, board, cameras
        self.arms = [arm for arm in ARMS if any(one.pose.held_by == arm for one in seen)]
        self._guess = self._first_guess()
        self.names = list(self._guess)

    def start(self) -> Array:
        return np.zeros(6 * len(self.names))

    def state(self, unknowns: Array) -> dict[str, Array]:
        steps = unknowns[: 6 * len(self.names)].reshape(-1, 6)
        moves = transform(Rotation.from_rotvec(steps[:, :3]).as_matrix(), steps[:, 3:])
        return {name: self._guess[name] @ move for name, move in zip(self.names, moves, strict=True)}

    def residuals(self, unknowns: Array) -> Array:
        """Of all corners, in px; one number more than 6 per transform is the board's scale."""
        state = self.state(unknowns)
        scale = float(unknowns[-1]) if len(unknowns) % 6 else 1.0
        errors = [
            self.error(index, view, state, scale).ravel()
            for index, one in enumerate(self._seen)
            for view in one.sightings
        ]
        return np.concatenate(errors)

    def error(self, index: int, view: str, state: Mapping[str, Array], scale: float) -> Array:
        """(N, 2) px from where a corner was seen to where it should be."""
        sighting = self._seen[index].sightings[view]
        pose = self.top_from_board(index, state)
        if view == "side":
            pose = inverse(state[STEREO]) @ pose
        points_m = apply(pose, scale * self._board.corners_m[sighting.ids])
        return np.nan_to_num(project(self._cameras[view], points_m) - sighting.corners_px, nan=1e4)

    def top_from_board(self, index: int, state: Mapping[str, Array]) -> Array:
        pose = self._seen[index].pose
        if pose.base_from_flange is None:
            return state[f"board {index}"]
        return inverse(state[pose.held_by]) @ pose.base_from_flange @ state[f"{pose.held_by} board"]

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
        for index, one in enumerate(self._seen):
            if one.pose.base_from_flange is None:
                guess[f"board {index}"] = boards[index]
        return guess


def _uncertainty(problem: _Problem, fit: object) -> dict[str, tuple[float, float]]:
    spread = _standard_deviations(fit)[: 6 * len(problem.names)].reshape(-1, 6)
    by_name = dict(zip(problem.names, spread, strict=True))
    return {
        name: (
            float(np.linalg.norm(by_name[name][3:]) * 1e3),
            float(np.rad2deg(np.linalg.norm(by_name[name][:3]))),
        )
        for name in (STEREO, *problem.arms)
    }


def _scale(problem: _Problem, unknowns: Array) -> tuple[float, float]:
    fit = least_squares(
        problem.residuals, np.append(unknowns, 1.0), loss="huber", f_scale=OUTLIER_PX, x_scale="jac"
    )
    return float(fit.x[-1]), float(_standard_deviations(fit)[-1])


def _standard_deviations(fit: object) -> Array:
    """Of the unknowns, from the curvature at the solution and the size of what is left over."""
    jacobian, left = fit.jac, fit.fun  # type: ignore[attr-defined]
    freedom = max(1, len(left) - jacobian.shape[1])
    covariance = np.linalg.pinv(jacobian.T @ jacobian) * float(left @ left) / freedom
    return np.sqrt(np.diag(covariance))

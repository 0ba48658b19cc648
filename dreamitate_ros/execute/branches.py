"""Which of the arm's eight postures to use along a path: dynamic programming over closed-form solutions."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.kinematics import BRANCHES, reach_excess_m, solve, with_turns
from dreamitate_ros.execute.ur5e import JOINT_NAMES, POSITION_LIMIT_RAD
from dreamitate_ros.values import Array

LARGEST_STEP_RAD = 0.4  # between dense poses; more is a jump through a singular pose
SINGULAR_WEIGHT = 0.02
START_WEIGHT = 0.5


@dataclass(frozen=True)
class JointPath:
    """(N, 6) rad along dense poses, continuous and within limits; the lower the cost the better."""

    joints_rad: Array
    cost: float


def joint_paths(arm: str, base_from_tool0: Array, times_s: Array, near_rad: Array) -> list[JointPath]:
    """The best path of each starting branch, best first, for flange poses (N, 4, 4) at times (N,) s of the video.

    near_rad: (6,) where the arm comes from. Raises UNREACHABLE, JOINT_LIMIT, or SPEED_LIMIT where every
    posture must jump.
    """
    solutions = solve(base_from_tool0)
    _require_reach(arm, base_from_tool0, solutions, times_s)
    steps = _step_costs(solutions)
    paths = [unwrapped for branch in range(BRANCHES) for unwrapped in _from_branch(branch, solutions, steps)]
    if not paths:
        raise DreamitateError(ErrorCode.SPEED_LIMIT, _jump_message(arm, solutions, steps, times_s))
    within = [_placed(path, near_rad) for path in paths]
    good = sorted((p for p in within if p is not None), key=lambda p: p.cost)
    if not good:
        raise _joint_limit(arm, paths[0], times_s)
    return good


def _require_reach(arm: str, base_from_tool0: Array, solutions: Array, times_s: Array) -> None:
    lost = np.asarray(np.isnan(solutions[:, :, 0]).all(axis=1))
    if not lost.any():
        return
    distance_m, excess_m = reach_excess_m(base_from_tool0)
    worst = int(np.where(lost, np.abs(excess_m), -1.0).argmax())
    way = "too far" if excess_m[worst] > 0 else "too near"
    raise DreamitateError(
        ErrorCode.UNREACHABLE,
        f"the {arm} arm does not reach its tool pose at {times_s[worst]:.2f} s of the video (pose {worst} of"
        f" {lost.size}, {lost.sum()} unreachable): its wrist would be {distance_m[worst]:.3f} m from the"
        f" shoulder, {1e3 * abs(excess_m[worst]):.0f} mm {way}",
    )


def _step_costs(solutions: Array) -> Array:
    """(N - 1, 8, 8) cost from each branch to each, infinite where it would jump or does not exist."""
    step = _wrap(solutions[1:, None, :, :] - solutions[:-1, :, None, :])
    with np.errstate(invalid="ignore"):
        cost = np.linalg.norm(step, axis=-1)
        singular = SINGULAR_WEIGHT / np.maximum(_away_from_singular(solutions[1:]), 0.02)
        cost = cost + 0.1 * singular[:, None, :]
        return np.where(np.abs(step).max(axis=-1) <= LARGEST_STEP_RAD, cost, np.inf)


def _away_from_singular(solutions: Array) -> Array:
    """0 at a singular pose of the wrist or a stretched elbow, up to 1."""
    return np.minimum(np.abs(np.sin(solutions[..., 4])), np.abs(np.sin(solutions[..., 2])))


def _from_branch(branch: int, solutions: Array, steps: Array) -> Iterator[tuple[Array, float]]:
    """The cheapest path that starts in `branch`, unwrapped, if there is one."""
    if not np.isfinite(solutions[0, branch]).all():
        return
    cost = np.full(BRANCHES, np.inf)
    cost[branch] = 0.0
    came_from = np.zeros((len(steps), BRANCHES), int)
    for index, step in enumerate(steps):
        total = cost[:, None] + step
        came_from[index] = total.argmin(axis=0)
        cost = total.min(axis=0)
    last = int(cost.argmin())
    if not np.isfinite(cost[last]):
        return
    chain = [last]
    for row in came_from[::-1]:
        chain.append(int(row[chain[-1]]))
    joints = solutions[np.arange(len(solutions)), chain[::-1]]
    yield np.unwrap(joints, axis=0), float(cost[last])


def _placed(path: tuple[Array, float], near_rad: Array) -> JointPath | None:
    """The path by whole turns as near as possible to near_rad with all of it within the limits."""
    joints, cost = path
    first = np.mod(joints[0] + np.pi, 2 * np.pi) - np.pi
    best: JointPath | None = None
    for turned in with_turns(first):
        moved = joints + (turned - joints[0])
        if (np.abs(moved) > POSITION_LIMIT_RAD).any():
            continue
        total = cost + START_WEIGHT * float(np.abs(turned - near_rad).sum())
        if best is None or total < best.cost:
            best = JointPath(moved, total)
    return best


def _joint_limit(arm: str, path: tuple[Array, float], times_s: Array) -> DreamitateError:
    joints = path[0]
    excess = np.abs(joints) - POSITION_LIMIT_RAD
    index, joint = np.unravel_index(int(excess.argmax()), excess.shape)
    return DreamitateError(
        ErrorCode.JOINT_LIMIT,
        f"the {arm} arm's {JOINT_NAMES[joint]} would pass its limit of"
        f" {np.rad2deg(POSITION_LIMIT_RAD[joint]):.0f} deg by {np.rad2deg(excess[index, joint]):.1f} deg"
        f" at {times_s[index]:.2f} s of the video, in every posture",
    )


def _jump_message(arm: str, solutions: Array, steps: Array, times_s: Array) -> str:
    """Where no posture goes on, and which joint would jump least far there, and how far."""
    reachable = np.isfinite(solutions[0]).all(axis=-1)
    index = 0
    for step in steps:
        following = np.isfinite(step[reachable]).any(axis=0)
        if not following.any():
            break
        reachable = following
        index += 1
    turns = np.abs(_wrap(solutions[index + 1][None] - solutions[index][reachable][:, None])).reshape(-1, 6)
    turns = turns[np.isfinite(turns).all(axis=1)]
    least = turns[turns.max(axis=1).argmin()]
    joint = int(least.argmax())
    return (
        f"the {arm} arm's {JOINT_NAMES[joint]} would have to jump by {np.rad2deg(least[joint]):.0f} deg (at most"
        f" {np.rad2deg(LARGEST_STEP_RAD):.0f} are smooth) at {times_s[index + 1]:.2f} s of the video: the tool turns"
        " too fast or the arm is singular there"
    )


def _wrap(angle_rad: Array) -> Array:
    return np.mod(angle_rad + np.pi, 2 * np.pi) - np.pi

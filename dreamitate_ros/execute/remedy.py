"""The smallest shift that brings a tool's path within reach: offered to a person, never taken unasked or unsaid."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.values import Array, Stop, ToolPath

FARTHEST_M = 0.08  # a path moved farther is another path
RESOLUTION_M = 0.001
DIRECTIONS = 48
SAID_RAD = 1e-3
CURABLE = (ErrorCode.UNREACHABLE, ErrorCode.OUTSIDE_WORKSPACE, ErrorCode.JOINT_LIMIT, ErrorCode.SPEED_LIMIT)

Attempt = Callable[[Array], object]
"""Plans with the path shifted by (3,) m in the world; raises DreamitateError where that is no good either."""


def smallest_shift(attempt: Attempt, stop: Stop) -> Array | None:
    """(3,) m in the world: the shortest found, to a millimetre, with which `attempt` succeeds; None beyond FARTHEST_M.

    Looks along evenly spread directions, then around the best one.
    """
    best = _shortest(attempt, list(_sphere(DIRECTIONS)), None, stop)
    for spread in (0.4, 0.2, 0.1):
        if best is None:
            return None
        around = best / np.linalg.norm(best) + spread * np.array(list(_sphere(8)))
        best = _shortest(attempt, list(around), best, stop)
    return best


def offer(error: DreamitateError, arm: str, shift_m: Array, allowed_m: float) -> DreamitateError:
    """The refusal with the shift that would cure it."""
    return DreamitateError(
        error.code,
        f"{error.message}. The smallest change that makes it feasible: the {arm} path {described(shift_m)};"
        f" to take it, allow that much with trajectory_executor's parameter largest_shift_mm"
        f" (now {1e3 * allowed_m:g}), or move the object",
    )


def path_changes(paths: Iterable[ToolPath]) -> str:
    """By what the tracked paths were moved, in words; empty where none was."""
    return "; ".join(f"{path.arm} path {changes}" for path in paths if (changes := _changes(path)))


def _changes(path: ToolPath) -> str:
    moved = described(path.moved_m) if path.moved_m.any() else ""
    leveled = f"leveled by {np.rad2deg(path.leveled_rad):.1f} deg" if path.leveled_rad > SAID_RAD else ""
    return ", ".join(filter(None, (moved, leveled)))


def described(shift_m: Array) -> str:
    """The shift in words."""
    x, y, z = 1e3 * shift_m
    if not shift_m[:2].any():
        return f"raised by {z:.1f} mm" if z > 0 else f"lowered by {-z:.1f} mm"
    return f"moved by {1e3 * np.linalg.norm(shift_m):.0f} mm (x {x:+.0f}, y {y:+.0f}, z {z:+.0f} mm in the world)"


def _shortest(attempt: Attempt, directions: list[Array], best: Array | None, stop: Stop) -> Array | None:
    for direction in directions:
        best = _along(attempt, direction / np.linalg.norm(direction), best, stop)
    return best


def _along(attempt: Attempt, direction: Array, best: Array | None, stop: Stop) -> Array | None:
    """The shorter of `best` and the shortest good shift along `direction` (3,)."""
    far_m = FARTHEST_M if best is None else float(np.linalg.norm(best)) - RESOLUTION_M
    if stop() or far_m < RESOLUTION_M or not _succeeds(attempt, far_m * direction):
        return best
    near_m = 0.0
    while far_m - near_m > RESOLUTION_M:
        middle_m = (near_m + far_m) / 2
        if _succeeds(attempt, middle_m * direction):
            far_m = middle_m
        else:
            near_m = middle_m
    return np.asarray(far_m * direction)


def _succeeds(attempt: Attempt, shift_m: Array) -> bool:
    try:
        attempt(shift_m)
    except DreamitateError:
        return False
    return True


def _sphere(count: int) -> Iterator[Array]:
    """Unit vectors, evenly spread (a spiral of the golden angle)."""
    for index in range(count):
        z = 1 - (2 * index + 1) / count
        angle = index * np.pi * (3 - np.sqrt(5))
        yield np.array([np.sqrt(1 - z * z) * np.cos(angle), np.sqrt(1 - z * z) * np.sin(angle), z])

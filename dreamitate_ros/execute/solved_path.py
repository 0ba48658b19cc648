"""The motion's segments where somebody else finds the joints: MoveIt does, see nodes/move_group.py. No ROS here."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.execute.approach import FREE_STEP_RAD, STRAIGHT_POSES, Segment, require_clear
from dreamitate_ros.execute.collision import CollisionWorld
from dreamitate_ros.execute.kinematics import flange_pose
from dreamitate_ros.geometry import angle_rad, inverse
from dreamitate_ros.values import Array, Stop

TURN_M = 0.1  # a turn by one rad counts as this much of a path's length
OFF_M, OFF_DEG = 0.002, 1.0  # between what was asked for and what was found
ATTEMPTS = 4  # a way to the start may end in a posture from which the path is out of reach


class PathSolver(Protocol):
    """Joints of one arm for poses of its flange; all raise DreamitateError with what could not be found."""

    def way_to(self, arm: str, start_rad: Array, base_from_flange: Array) -> Array:
        """(N, 6) a free way from start_rad (6,) to a pose (4, 4), start included."""
        ...

    def way_back(self, arm: str, start_rad: Array, end_rad: Array) -> Array:
        """(N, 6) a free way from start_rad (6,) to end_rad (6,), both included."""
        ...

    def follow(self, arm: str, start_rad: Array, base_from_flange: Array) -> tuple[Array, float]:
        """(M, 6) joints in straight lines through poses (N, 4, 4), of which start_rad is the first, and the share
        (0..1) of the path that was found."""
        ...


def solved_segments(
    world: CollisionWorld,
    solver: PathSolver,
    flange_paths: Mapping[str, Array],
    times_s: Array,
    start: Mapping[str, Array],
    stop: Stop,
) -> list[Segment]:
    """Way there, approach, tracked path, retreat and way back of all arms at once, clear of each other.

    flange_paths: arm -> (N, 4, 4) in its base, straight lines in and out included. times_s: (N,) of the video.
    Raises UNREACHABLE with arm and time, COLLISION, what the solver raises, or Cancelled.
    """
    ways, joints, backs = {}, {}, {}
    for arm, poses in flange_paths.items():
        if stop():
            raise Cancelled("plan")
        ways[arm], joints[arm] = _way_and_path(solver, arm, poses, times_s, start[arm])
        backs[arm] = solver.way_back(arm, joints[arm][-1], start[arm])
    count = STRAIGHT_POSES
    parts = [
        Segment("the way to the object", _together(ways)),
        Segment("the approach", {arm: path[:count] for arm, path in joints.items()}),
        Segment("the tracked path", {arm: path[count - 1 : 1 - count] for arm, path in joints.items()}, True),
        Segment("the retreat", {arm: path[-count:] for arm, path in joints.items()}),
        Segment("the way back", _together(backs)),
    ]
    for part in parts:
        require_clear(world, part)
    return parts


def _way_and_path(
    solver: PathSolver, arm: str, poses: Array, times_s: Array, start_rad: Array
) -> tuple[Array, Array]:
    """The free way to the path's start, and the path's joints (N, 6), one row a pose."""
    best = 0.0
    for _ in range(ATTEMPTS):
        way = solver.way_to(arm, start_rad, poses[0])
        found, share = solver.follow(arm, way[-1], poses)
        if share >= 1.0:
            joints = at_poses(found, poses)
            _require_same_path(arm, joints, poses, times_s)
            return way, joints
        best = max(best, share)
    at_s = float(times_s[min(int(best * len(times_s)), len(times_s) - 1)])
    raise DreamitateError(
        ErrorCode.UNREACHABLE,
        f"the {arm} arm reaches {100 * best:.0f} % of its path only, up to {at_s:.2f} s of the video, by MoveIt;"
        " the builtin backend says which joint stops it, and how much would help",
    )


def at_poses(found_rad: Array, poses: Array) -> Array:
    """(N, 6) joints at poses (N, 4, 4), from joints (M, 6) found along the same straight lines at other places."""
    shares = _shares(poses)
    found = _shares(flange_pose(found_rad))
    kept = np.concatenate([[True], np.diff(found) > 0])
    columns = [np.interp(shares, found[kept], column[kept]) for column in found_rad.T]
    return np.stack(columns, axis=1)


def _shares(poses: Array) -> Array:
    """(N,) 0..1 how far along the path each pose is; turns count."""
    steps = inverse(poses[:-1]) @ poses[1:]
    lengths_m = np.linalg.norm(steps[:, :3, 3], axis=1) + TURN_M * angle_rad(steps)
    along_m = np.concatenate([[0.0], np.cumsum(lengths_m)])
    return along_m / max(float(along_m[-1]), 1e-9)


def _require_same_path(arm: str, joints: Array, poses: Array, times_s: Array) -> None:
    off = inverse(poses) @ flange_pose(joints)
    off_m, off_deg = np.linalg.norm(off[:, :3, 3], axis=1), np.rad2deg(angle_rad(off))
    worst = int(np.maximum(off_m / OFF_M, off_deg / OFF_DEG).argmax())
    if off_m[worst] > OFF_M or off_deg[worst] > OFF_DEG:
        raise DreamitateError(
            ErrorCode.UNREACHABLE,
            f"MoveIt's path of the {arm} arm is {1e3 * off_m[worst]:.1f} mm and {off_deg[worst]:.2f} deg off the one"
            f" asked for at {times_s[worst]:.2f} s of the video; is its robot model that of this arm?",
        )


def _together(ways: Mapping[str, Array]) -> dict[str, Array]:
    """Ways of different lengths with as many waypoints each, evenly spaced in joint space."""
    lengths = {arm: _joint_length(way) for arm, way in ways.items()}
    longest = max(float(length[-1]) for length in lengths.values())
    count = max(4, int(np.ceil(longest / FREE_STEP_RAD)) + 1)
    return {arm: _resampled(way, lengths[arm], count) for arm, way in ways.items()}


def _joint_length(way: Array) -> Array:
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(way, axis=0), axis=1))])


def _resampled(way: Sequence[Array] | Array, length: Array, count: int) -> Array:
    at = np.linspace(0.0, length[-1], count)
    return np.stack([np.interp(at, length, column) for column in np.asarray(way).T], axis=1)

"""Tool tracks in, timed and checked motion of all arms out. Nothing moves here."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.execute.approach import STRAIGHT_POSES, Segment, segments
from dreamitate_ros.execute.branches import JointPath, joint_paths
from dreamitate_ros.execute.collision import CollisionWorld
from dreamitate_ros.execute.heights import LARGEST_LIFT_M
from dreamitate_ros.execute.remedy import CURABLE, offer, path_changes, smallest_shift
from dreamitate_ros.execute.retarget import TrackedPath, believed, shared_clock, tool_path
from dreamitate_ros.execute.solved_path import PathSolver, solved_segments
from dreamitate_ros.execute.timing import TimedMotion, time_motion
from dreamitate_ros.execute.ur5e import JOINT_NAMES, POSITION_LIMIT_RAD, joint_names
from dreamitate_ros.geometry import interpolate, inverse
from dreamitate_ros.rig import Rig
from dreamitate_ros.task import Task
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import ArmTrajectory, Array, Progress, Stop, ToolPath, ToolTrack

PATH_POSES = 60  # at most, in ArmTrajectory.path

PathOf = Callable[[str, Array], TrackedPath]
"""Called with an arm and by what its path is to be moved, (3,) m in the world."""


def plan(
    tracks: Sequence[ToolTrack],
    task: Task,
    rig: Rig,
    tools: Mapping[str, Tool],
    start: Mapping[str, Array],
    progress: Progress,
    stop: Stop,
    allowed_shift_m: float = 0.0,
    solver: PathSolver | None = None,
    allowed_lift_m: float = LARGEST_LIFT_M,
) -> dict[str, ArmTrajectory]:
    """arm -> its motion from `start` ((6,) rad per arm) along the tracked tool path and back to `start`.

    tools: arm -> Tool. All trajectories share one clock. allowed_shift_m: how far a path out of reach may be moved;
    one that needs more is refused with what it needs. solver: who finds the joints instead of us; it shifts nothing.
    allowed_lift_m: how far a path may be raised to clear the table. Each trajectory's path says by what it was moved.
    Raises STALE_CALIBRATION, INVALID_RIG, LOW_CONFIDENCE,
    OUTSIDE_WORKSPACE, UNREACHABLE, JOINT_LIMIT, COLLISION, SPEED_LIMIT or Cancelled.
    """
    rig.require_fresh(task.max_calibration_age_days, datetime.now(UTC))
    _require_known(task, rig, tools, start)
    progress(0.0, "planning: tool paths")
    tracks_of = believed(tracks, task)
    clock_s = shared_clock(tracks_of)

    def path_of(arm: str, shift_m: Array) -> TrackedPath:
        return tool_path(arm, tracks_of[arm], clock_s, task, rig, tools[arm], shift_m, allowed_lift_m)

    world = CollisionWorld(rig, {arm: tools[arm] for arm in tracks_of})
    if solver is None:
        paths, parts = _builtin(path_of, world, tools, start, progress, stop, allowed_shift_m)
    else:
        paths, parts = _solved(solver, path_of, world, clock_s, tools, start, progress, stop)
    progress(0.8, "planning: timing")
    motion = time_motion(parts, clock_s, task.speed_scale, stop)
    trajectories = {arm: _trajectory(path, motion) for arm, path in paths.items()}
    changes = path_changes(trajectory.path for trajectory in trajectories.values())
    progress(1.0, f"planned {motion.times_s[-1]:.1f} s of motion{'; ' if changes else ''}{changes}")
    return trajectories


def _builtin(
    path_of: PathOf,
    world: CollisionWorld,
    tools: Mapping[str, Tool],
    start: Mapping[str, Array],
    progress: Progress,
    stop: Stop,
    allowed_shift_m: float,
) -> tuple[dict[str, TrackedPath], list[Segment]]:
    """Our own kinematics: every posture over the whole path, and the cheapest pair of them that is clear."""
    paths: dict[str, TrackedPath] = {}
    candidates: dict[str, list[JointPath]] = {}
    for index, arm in enumerate(world.arms):
        _stop_if(stop)
        progress(0.1 + 0.2 * index, f"planning: postures of the {arm} arm")

        def attempt(shift_m: Array, arm: str = arm) -> tuple[Any, Any]:
            path = path_of(arm, shift_m)
            return path, _joint_paths(path, tools[arm], start[arm])

        paths[arm], candidates[arm] = _within_reach(arm, attempt, allowed_shift_m, stop)
    progress(0.5, "planning: collisions")
    return paths, segments(world, candidates, {arm: np.asarray(start[arm], float) for arm in paths}, stop)


def _solved(
    solver: PathSolver,
    path_of: PathOf,
    world: CollisionWorld,
    clock_s: Array,
    tools: Mapping[str, Tool],
    start: Mapping[str, Array],
    progress: Progress,
    stop: Stop,
) -> tuple[dict[str, TrackedPath], list[Segment]]:
    """The solver's joints; whether both arms at once are clear is looked at here, for it sees one at a time."""
    progress(0.1, "planning: paths by MoveIt")
    paths = {arm: path_of(arm, np.zeros(3)) for arm in world.arms}
    flange_paths = {arm: _flange_poses(path, tools[arm]) for arm, path in paths.items()}
    times_s = np.pad(clock_s, STRAIGHT_POSES - 1, mode="edge")
    here = {arm: np.asarray(start[arm], float) for arm in paths}
    return paths, solved_segments(world, solver, flange_paths, times_s, here, stop)


def _within_reach(
    arm: str,
    attempt: Callable[[Array], tuple[TrackedPath, list[JointPath]]],
    allowed_shift_m: float,
    stop: Stop,
) -> tuple[TrackedPath, list[JointPath]]:
    """The path as it is; or moved as little as helps, where that is allowed; or a refusal that says what would."""
    try:
        return attempt(np.zeros(3))
    except DreamitateError as error:
        shift_m = smallest_shift(attempt, stop) if error.code in CURABLE else None
        _stop_if(stop)
        if shift_m is None:
            raise
        if np.linalg.norm(shift_m) > allowed_shift_m:
            raise offer(error, arm, shift_m, allowed_shift_m) from None
    return attempt(shift_m)


def _require_known(task: Task, rig: Rig, tools: Mapping[str, Tool], start: Mapping[str, Array]) -> None:
    for arm, tool in task.arm_tools.items():
        if arm not in tools:
            raise DreamitateError(ErrorCode.UNKNOWN_TOOL, f"the {arm} arm's tool '{tool}' was not loaded")
        rig.world_from_base(arm)
        joints = np.asarray(start.get(arm, np.nan), float)
        if joints.shape != (6,) or not np.isfinite(joints).all():
            raise DreamitateError(
                ErrorCode.ROBOT_NOT_READY,
                f"the {arm} arm's joint positions are not known; is its driver running?",
            )
        excess = np.abs(joints) - POSITION_LIMIT_RAD
        if (excess > 0).any():
            worst = int(excess.argmax())
            raise DreamitateError(
                ErrorCode.JOINT_LIMIT,
                f"the {arm} arm's {JOINT_NAMES[worst]} stands {np.rad2deg(excess[worst]):.1f} deg beyond its limit;"
                " turn it back with the pendant",
            )


def _joint_paths(path: TrackedPath, tool: Tool, near_rad: Array) -> list[JointPath]:
    """Joint paths along the straight line in, the tracked path, and the straight line out."""
    times_s = np.pad(path.times_s, STRAIGHT_POSES - 1, mode="edge")
    return joint_paths(path.arm, _flange_poses(path, tool), times_s, np.asarray(near_rad, float))


def _flange_poses(path: TrackedPath, tool: Tool) -> Array:
    """(N, 4, 4) in the base: the straight line in, the tracked path, and the straight line out."""
    line_in = _line(path.before, path.base_from_tool[0])
    line_out = _line(path.base_from_tool[-1], path.after)
    poses = np.concatenate([line_in[:-1], path.base_from_tool, line_out[1:]])
    return np.asarray(poses @ inverse(tool.flange_from_tool))


def _line(start: Array, end: Array) -> Array:
    return interpolate(np.array([0.0, 1.0]), np.stack([start, end]), np.linspace(0, 1, STRAIGHT_POSES))


def _trajectory(path: TrackedPath, motion: TimedMotion) -> ArmTrajectory:
    first_s, last_s = path.believed_s
    inside = np.flatnonzero((path.times_s >= first_s - 1e-9) & (path.times_s <= last_s + 1e-9))
    chosen = inside[
        np.unique(np.linspace(0, len(inside) - 1, min(len(inside), PATH_POSES)).round().astype(int))
    ]
    at_s = np.interp([first_s, last_s], motion.imagined_s, motion.imagined_at_s)
    return ArmTrajectory(
        arm=path.arm,
        joint_names=joint_names(path.arm),
        times_s=motion.times_s,
        positions=motion.positions[path.arm],
        velocities=motion.velocities[path.arm],
        accelerations=motion.accelerations[path.arm],
        contact_s=(float(at_s[0]), float(at_s[1])),
        path=ToolPath(
            arm=path.arm,
            times_s=np.interp(path.times_s[chosen], motion.imagined_s, motion.imagined_at_s),
            base_from_tool=path.base_from_tool[chosen],
            moved_m=path.moved_m,
            leveled_rad=path.leveled_rad,
        ),
    )


def _stop_if(stop: Stop) -> None:
    if stop():
        raise Cancelled("plan")

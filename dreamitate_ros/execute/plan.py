"""Tool tracks in, timed and checked motion of all arms out. Nothing moves here."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.execute.approach import STRAIGHT_POSES, segments
from dreamitate_ros.execute.branches import JointPath, joint_paths
from dreamitate_ros.execute.collision import CollisionWorld
from dreamitate_ros.execute.retarget import TrackedPath, retarget
from dreamitate_ros.execute.timing import TimedMotion, time_motion
from dreamitate_ros.execute.ur5e import JOINT_NAMES, POSITION_LIMIT_RAD, joint_names
from dreamitate_ros.geometry import interpolate, inverse
from dreamitate_ros.rig import Rig
from dreamitate_ros.task import Task
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import ArmTrajectory, Array, Progress, Stop, ToolPath, ToolTrack

PATH_POSES = 60  # at most, in ArmTrajectory.path


def plan(
    tracks: Sequence[ToolTrack],
    task: Task,
    rig: Rig,
    tools: Mapping[str, Tool],
    start: Mapping[str, Array],
    progress: Progress,
    stop: Stop,
) -> dict[str, ArmTrajectory]:
    """arm -> its motion from `start` ((6,) rad per arm) along the tracked tool path and back to `start`.

    tools: arm -> Tool. All trajectories share one clock. Raises STALE_CALIBRATION, INVALID_RIG,
    LOW_CONFIDENCE, OUTSIDE_WORKSPACE, UNREACHABLE, JOINT_LIMIT, COLLISION, SPEED_LIMIT or Cancelled.
    """
    rig.require_fresh(task.max_calibration_age_days, datetime.now(UTC))
    _require_known(task, rig, tools, start)
    progress(0.0, "planning: tool paths")
    paths = retarget(tracks, task, rig, tools)
    candidates: dict[str, list[JointPath]] = {}
    for index, (arm, path) in enumerate(paths.items()):
        _stop_if(stop)
        progress(0.1 + 0.2 * index, f"planning: postures of the {arm} arm")
        candidates[arm] = _joint_paths(path, tools[arm], start[arm])
    progress(0.5, "planning: collisions")
    world = CollisionWorld(rig, {arm: tools[arm] for arm in paths})
    parts = segments(world, candidates, {arm: np.asarray(start[arm], float) for arm in paths}, stop)
    progress(0.8, "planning: timing")
    clock_s = next(iter(paths.values())).times_s
    motion = time_motion(parts, clock_s, task.speed_scale, stop)
    raised = [
        f"; {arm} path raised by {1e3 * path.lifted_m:.0f} mm" for arm, path in paths.items() if path.lifted_m
    ]
    progress(1.0, f"planned {motion.times_s[-1]:.1f} s of motion" + "".join(raised))
    return {arm: _trajectory(path, motion) for arm, path in paths.items()}


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
    line_in = _line(path.before, path.base_from_tool[0])
    line_out = _line(path.base_from_tool[-1], path.after)
    poses = np.concatenate([line_in[:-1], path.base_from_tool, line_out[1:]])
    times_s = np.pad(path.times_s, STRAIGHT_POSES - 1, mode="edge")
    return joint_paths(path.arm, poses @ inverse(tool.flange_from_tool), times_s, np.asarray(near_rad, float))


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
        ),
    )


def _stop_if(stop: Stop) -> None:
    if stop():
        raise Cancelled("plan")

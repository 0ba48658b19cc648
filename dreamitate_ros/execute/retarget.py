"""From tool tracks in the top camera to the tools' paths in the world, gated, dense, at the right height."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.heights import DENSE_HZ, height_changes_m
from dreamitate_ros.execute.smooth_path import smooth_path
from dreamitate_ros.execute.tilts import leveled
from dreamitate_ros.geometry import angle_rad, inverse, transform
from dreamitate_ros.rig import Rig
from dreamitate_ros.task import Task
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Array, ToolTrack

FEWEST_POSES = 2
PULL_BACK_M, RAISE_M = 0.06, 0.08
ENTRY_S = 0.5  # imagined time in which an arm that comes later moves in
END_S = 0.1  # imagined time before and after its end in which an arm that ends earlier comes to rest


@dataclass(frozen=True)
class TrackedPath:
    """One arm's tool path on the clock of the video, both arms' clocks being the same.

    times_s: (N,) s after the photo. world_from_tool: (N, 4, 4). base_from_tool: the same in the arm's base.
    before, after: (4, 4) in the base: where the tool stands off before and after the tracked part.
    believed_s: first and last believed time; before and after it the tool waits.
    moved_m: (3,) in the world: by what the path was moved to come within reach, and at most raised to clear the table
    or lowered to work on it. leveled_rad: by what the tool was turned at most, to rest level at work.
    """

    arm: str
    times_s: Array
    world_from_tool: Array
    base_from_tool: Array
    before: Array
    after: Array
    believed_s: tuple[float, float]
    moved_m: Array
    leveled_rad: float


def believed(tracks: Sequence[ToolTrack], task: Task) -> dict[str, ToolTrack]:
    """arm -> its tool's track without the poses below the task's gate; raises LOW_CONFIDENCE."""
    return {arm: _believed(arm, tracks, task) for arm in task.arm_tools}


def shared_clock(tracks: Mapping[str, ToolTrack]) -> Array:
    """(N,) s of the video, dense, from the first believed pose of any tool to the last."""
    start_s = min(track.times_s[0] for track in tracks.values())
    end_s = max(track.times_s[-1] for track in tracks.values())
    return np.linspace(start_s, end_s, max(2, round((end_s - start_s) * DENSE_HZ) + 1))


def tool_path(
    arm: str,
    track: ToolTrack,
    clock_s: Array,
    task: Task,
    rig: Rig,
    tool: Tool,
    shift_m: Array,
    allowed_lift_m: float,
) -> TrackedPath:
    """The dense path of one believed track on the shared clock, moved by shift_m (3,) in the world.

    allowed_lift_m: how far it may be raised, besides, where it would run into the table. Raises OUTSIDE_WORKSPACE,
    or COLLISION with the table.
    """
    assert rig.world_from_top is not None
    times_s = track.times_s
    at_s = _ending_softly(clock_s, float(times_s[-1]))
    tracked: Array = rig.world_from_top @ smooth_path(
        times_s, track.top_from_tool, track.sigma, track.confidence, at_s
    )
    tracked[:, :3, 3] += shift_m
    poses = leveled(tracked, tool, task)
    changes_m = height_changes_m(arm, poses, tool, task, allowed_lift_m)
    poses[:, 2, 3] += changes_m
    inside = (clock_s >= times_s[0] - 1e-9) & (clock_s <= times_s[-1] + 1e-9)
    _require_workspace(arm, clock_s[inside], poses[inside], task)
    before, after = stand_off(poses[0]), stand_off(poses[-1])
    if times_s[0] > clock_s[0]:  # the other arm begins first: wait standing off, then come in
        poses = _with_entry(poses, before, clock_s, float(times_s[0]))
    base_from_world = inverse(rig.world_from_base(arm))
    return TrackedPath(
        arm, clock_s, poses, base_from_world @ poses, base_from_world @ before, base_from_world @ after,
        (float(times_s[0]), float(times_s[-1])), shift_m + [0.0, 0.0, changes_m[np.abs(changes_m).argmax()]],
        float(angle_rad(inverse(tracked) @ poses).max()),
    )  # fmt: skip


def stand_off(world_from_tool: Array) -> Array:
    """(4, 4) the tool pulled back along its own -x and raised."""
    result = world_from_tool.copy()
    result[:3, 3] += -PULL_BACK_M * world_from_tool[:3, 0] + [0.0, 0.0, RAISE_M]
    return result


def _believed(arm: str, tracks: Sequence[ToolTrack], task: Task) -> ToolTrack:
    """The arm's track without the poses below the task's gate."""
    track = next((t for t in tracks if t.tool in (arm, task.arm_tools[arm])), None)
    if track is None:
        raise DreamitateError(
            ErrorCode.LOW_CONFIDENCE, f"no track of the {arm} arm's tool '{task.arm_tools[arm]}' was found"
        )
    with np.errstate(invalid="ignore"):
        good = track.present & (track.confidence >= task.confidence_gate)
    if good.sum() < FEWEST_POSES:
        raise DreamitateError(
            ErrorCode.LOW_CONFIDENCE,
            f"only {good.sum()} of {len(good)} poses of the {arm} tool reach the confidence"
            f" {task.confidence_gate:g}; at least {FEWEST_POSES} are needed to move the arm",
        )
    return ToolTrack(
        track.tool, track.times_s[good], track.top_from_tool[good], track.confidence[good],
        track.observed[good], track.residuals_px[good], track.sigma[good],
    )  # fmt: skip


def _ending_softly(clock_s: Array, end_s: float) -> Array:
    """The clock held at end_s where it goes on, without a jolt: slowing down from END_S before to END_S after."""
    if end_s > clock_s[-1] - 1e-9:
        return clock_s
    slowing_s = np.clip(clock_s - end_s + END_S, 0.0, 2 * END_S)
    return np.asarray(np.minimum(clock_s, end_s - END_S) + slowing_s - slowing_s**2 / (4 * END_S))


def _with_entry(poses: Array, before: Array, clock_s: Array, start_s: float) -> Array:
    """The path with its part before start_s replaced: standing off at `before`, then coming in, into its motion."""
    first = int(np.searchsorted(clock_s, start_s))
    step_s = clock_s[first + 1] - clock_s[first]
    velocity_m_s = (poses[first + 1, :3, 3] - poses[first, :3, 3]) / step_s
    turn = Rotation.from_matrix(poses[first + 1, :3, :3] @ poses[first, :3, :3].T).as_rotvec() / step_s
    ahead_s = clock_s[:first, None] - clock_s[first]
    entry_s = max(clock_s[0], start_s - ENTRY_S)
    done = np.clip((clock_s[:first, None] - entry_s) / (clock_s[first] - entry_s), 0.0, 1.0)
    share = done**3 * (10 - 15 * done + 6 * done**2)  # at rest on both sides
    moving_m = poses[first, :3, 3] + ahead_s * velocity_m_s
    places_m = before[:3, 3] + share * (moving_m - before[:3, 3])
    turns = Rotation.from_rotvec(share * ahead_s * turn).as_matrix() @ poses[first, :3, :3]
    return np.concatenate([transform(turns, places_m), poses[first:]])


def _require_workspace(arm: str, times_s: Array, world_from_tool: Array, task: Task) -> None:
    for axis, (low, high) in enumerate(task.workspace_m):
        place = world_from_tool[:, axis, 3]
        excess = np.maximum(low - place, place - high)
        worst = int(excess.argmax())
        if excess[worst] > 0:
            raise DreamitateError(
                ErrorCode.OUTSIDE_WORKSPACE,
                f"the {arm} tool leaves the workspace at {times_s[worst]:.2f} s of the video: {'xyz'[axis]} ="
                f" {place[worst]:.3f} m, {1e3 * excess[worst]:.1f} mm outside [{low:g}, {high:g}] m",
            )

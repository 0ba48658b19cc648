"""When the arms are where: the fastest timing within the limits, never faster than imagined x scale."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.execute.approach import Segment
from dreamitate_ros.execute.path_clock import NoTiming, TimedSegment
from dreamitate_ros.execute.ur5e import (
    ACCELERATION_LIMIT_RAD_S2,
    JERK_LIMIT_RAD_S3,
    JOINT_NAMES,
    VELOCITY_LIMIT_RAD_S,
)
from dreamitate_ros.values import Array, Stop

SAMPLE_HZ = 50.0
STILL_RAD = 1e-5
IMAGINED_ACCELERATION = 4.0  # of the imagined clock, 1/s: reaches the imagined speed within 0.25 s at most
IMAGINED_JERK = 80.0
PLANNED_SHARE = 0.98  # of the limits: between the points at which a timing is laid out it may go over its own
UNITS = ("rad/s", "rad/s^2", "rad/s^3")


@dataclass(frozen=True)
class TimedMotion:
    """times_s: (N,); positions, velocities, accelerations, jerks: arm -> (N, 6), rad, rad/s, rad/s^2, rad/s^3.

    contact_s: when the tracked segment starts and ends. imagined_s, imagined_at_s: (M,) the imagined clock
    after the photo, rising, and the motion's clock at which it is reached.
    """

    times_s: Array
    positions: dict[str, Array]
    velocities: dict[str, Array]
    accelerations: dict[str, Array]
    jerks: dict[str, Array]
    contact_s: tuple[float, float]
    imagined_s: Array
    imagined_at_s: Array


def joint_limits(speed_scale: float) -> Array:
    """(3, 6) rad/s, rad/s^2, rad/s^3 allowed at speed_scale (0..1)."""
    return speed_scale * np.stack([VELOCITY_LIMIT_RAD_S, ACCELERATION_LIMIT_RAD_S2, JERK_LIMIT_RAD_S3])


def time_motion(parts: Sequence[Segment], imagined_s: Array, speed_scale: float, stop: Stop) -> TimedMotion:
    """All segments one after the other, each from rest to rest; raises SPEED_LIMIT or Cancelled.

    imagined_s: (N,) the imagined clock at the tracked segment's waypoints.
    """
    arms = tuple(parts[0].joints_rad)
    pieces, starts, clock_s = [], [], 0.0
    contact_s, clocks = (0.0, 0.0), (imagined_s, imagined_s)
    for part in parts:
        if stop():
            raise Cancelled("plan")
        stacked = np.hstack([part.joints_rad[arm] for arm in arms])
        if part.tracked:
            stacked = np.hstack([stacked, imagined_s[:, None]])
        elif np.ptp(stacked, axis=0).max() < STILL_RAD:
            continue
        piece = _time_piece(stacked, part, speed_scale)
        if part.tracked:
            contact_s = (clock_s, clock_s + piece.duration_s)
            fine_s = np.linspace(0, piece.duration_s, 400)
            clocks = (piece.at(fine_s)[0, :, -1], clock_s + fine_s)
        pieces.append(piece)
        starts.append(clock_s)
        clock_s += piece.duration_s
    times_s = np.linspace(0.0, clock_s, int(np.ceil(clock_s * SAMPLE_HZ)) + 1)
    samples = _sample(pieces, starts, times_s, 6 * len(arms))
    _require_limits(arms, times_s, samples[1:], speed_scale)
    by_arm = [{arm: s[:, 6 * i : 6 * i + 6] for i, arm in enumerate(arms)} for s in samples]
    return TimedMotion(times_s, by_arm[0], by_arm[1], by_arm[2], by_arm[3], contact_s, *clocks)


def _time_piece(waypoints: Array, part: Segment, speed_scale: float) -> TimedSegment:
    """One segment from rest to rest; raises SPEED_LIMIT where there is no timing at all."""
    limits = PLANNED_SHARE * np.tile(joint_limits(speed_scale), len(part.joints_rad))
    if part.tracked:
        imagined = speed_scale, IMAGINED_ACCELERATION * speed_scale, IMAGINED_JERK * speed_scale
        limits = np.column_stack([limits, imagined])
    try:
        return TimedSegment(waypoints, limits)
    except NoTiming:
        raise _untimable(waypoints, part, speed_scale) from None


def _untimable(waypoints: Array, part: Segment, speed_scale: float) -> DreamitateError:
    """Names where the path bends most, which is what leaves no timing."""
    count = 6 * len(part.joints_rad)
    bends = np.abs(np.diff(waypoints[:, :count], n=2, axis=0))
    index, column = np.unravel_index(int(bends.argmax()), bends.shape)
    arm, joint = list(part.joints_rad)[column // 6], JOINT_NAMES[column % 6]
    place = (
        f"at {waypoints[index + 1, -1]:.2f} s of the video"
        if part.tracked
        else f"{100 * (index + 1) / (len(waypoints) - 1):.0f} % along it"
    )
    return DreamitateError(
        ErrorCode.SPEED_LIMIT,
        f"{part.what} cannot be timed within the arms' limits at speed_scale {speed_scale:g}; the {arm} arm's"
        f" {joint} bends most, by {np.rad2deg(bends[index, column]):.1f} deg from one waypoint to the next, {place}",
    )


def _sample(pieces: Sequence[TimedSegment], starts: Sequence[float], times_s: Array, columns: int) -> Array:
    """(4, N, columns) the joints at times_s and three derivatives; at both ends all of them rest."""
    result = np.zeros((4, len(times_s), columns))
    which = np.clip(np.searchsorted(starts, times_s, side="right") - 1, 0, len(starts) - 1)
    for index, piece in enumerate(pieces):
        chosen = which == index
        if chosen.any():
            result[:, chosen] = piece.at(times_s[chosen] - starts[index])[:, :, :columns]
    result[1:, [0, -1]] = 0.0
    return result


def _require_limits(arms: Sequence[str], times_s: Array, derivatives: Array, speed_scale: float) -> None:
    for values, limits, unit in zip(derivatives, joint_limits(speed_scale), UNITS, strict=True):
        allowed = np.tile(limits, len(arms))
        share = np.abs(values) / allowed
        row, column = divmod(int(share.argmax()), share.shape[1])
        if share[row, column] > 1.0:
            raise DreamitateError(
                ErrorCode.SPEED_LIMIT,
                f"the {arms[column // 6]} arm's {JOINT_NAMES[column % 6]} would move at"
                f" {abs(values[row, column]):.2f} {unit} at {times_s[row]:.2f} s;"
                f" {allowed[column]:.2f} {unit} are allowed",
            )

"""When the arms are where: the fastest timing within the limits (TOPP-RA), never faster than imagined x scale."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import toppra
from toppra.algorithm import TOPPRA
from toppra.constraint import JointAccelerationConstraint, JointVelocityConstraint

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.execute.approach import Segment
from dreamitate_ros.execute.ur5e import ACCELERATION_LIMIT_RAD_S2, JOINT_NAMES, VELOCITY_LIMIT_RAD_S
from dreamitate_ros.values import Array, Stop

SAMPLE_HZ = 50.0
PLANNED_SHARE = 0.95  # of the limits, since TOPP-RA holds them at grid points only
GRID_POINTS = 301
FINE_POINTS = 2000  # where the limits are looked at again
TRIES = 6
STILL_RAD = 1e-5
IMAGINED_ACCELERATION = 4.0  # of the imagined clock, 1/s: reaches the imagined speed within 0.25 s at most

logging.getLogger("toppra").setLevel(logging.ERROR)


@dataclass(frozen=True)
class TimedMotion:
    """times_s: (N,); positions, velocities, accelerations: arm -> (N, 6), rad, rad/s, rad/s^2.

    contact_s: when the tracked segment starts and ends. imagined_s, imagined_at_s: (M,) the imagined clock
    after the photo, rising, and the motion's clock at which it is reached.
    """

    times_s: Array
    positions: dict[str, Array]
    velocities: dict[str, Array]
    accelerations: dict[str, Array]
    contact_s: tuple[float, float]
    imagined_s: Array
    imagined_at_s: Array


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
            contact_s = (clock_s, clock_s + piece.duration)
            fine_s = np.linspace(0, piece.duration, 400)
            clocks = (np.asarray(piece(fine_s))[:, -1], clock_s + fine_s)
        pieces.append(piece)
        starts.append(clock_s)
        clock_s += piece.duration
    times_s = np.linspace(0.0, clock_s, int(np.ceil(clock_s * SAMPLE_HZ)) + 1)
    samples = [_sample(pieces, starts, times_s, 6 * len(arms), order) for order in range(3)]
    _require_limits(arms, times_s, samples[1], samples[2], speed_scale)
    by_arm = [{arm: s[:, 6 * i : 6 * i + 6] for i, arm in enumerate(arms)} for s in samples]
    return TimedMotion(times_s, by_arm[0], by_arm[1], by_arm[2], contact_s, *clocks)


def _time_piece(
    waypoints: Array, part: Segment, speed_scale: float
) -> toppra.interpolator.AbstractGeometricPath:
    """One segment from rest to rest, as fast as the limits allow; slower where they break between grid points."""
    joints = 6 * len(part.joints_rad)
    allowed = np.resize(ACCELERATION_LIMIT_RAD_S2, joints) * speed_scale
    share = PLANNED_SHARE
    for _ in range(TRIES):
        trajectory = _fastest(waypoints, part, speed_scale, share)
        fine_s = np.linspace(0, trajectory.duration, FINE_POINTS)
        peak = float((np.abs(trajectory(fine_s, 2)[:, :joints]) / allowed).max())
        if peak <= 1.0:
            break
        share *= PLANNED_SHARE / peak
    return trajectory


def _fastest(
    waypoints: Array, part: Segment, speed_scale: float, share: float
) -> toppra.interpolator.AbstractGeometricPath:
    """The segment timed at `share` of the limits; raises SPEED_LIMIT where there is no timing at all."""
    arms = len(part.joints_rad)
    velocity = np.tile(VELOCITY_LIMIT_RAD_S, arms) * speed_scale * share
    acceleration = np.tile(ACCELERATION_LIMIT_RAD_S2, arms) * speed_scale * share
    if part.tracked:
        velocity, acceleration = (
            np.append(velocity, speed_scale),
            np.append(acceleration, IMAGINED_ACCELERATION),
        )
    path = toppra.SplineInterpolator(np.linspace(0, 1, len(waypoints)), waypoints)
    algorithm = TOPPRA(
        [JointVelocityConstraint(velocity), JointAccelerationConstraint(acceleration)],
        path,
        gridpoints=np.linspace(0, 1, max(GRID_POINTS, 8 * len(waypoints) - 7)),
        parametrizer="ParametrizeConstAccel",
    )
    trajectory = algorithm.compute_trajectory()
    if trajectory is None:
        raise DreamitateError(
            ErrorCode.SPEED_LIMIT,
            f"{part.what} cannot be timed within the arms' limits at speed_scale {speed_scale:g}",
        )
    return trajectory


def _sample(
    pieces: Sequence[toppra.interpolator.AbstractGeometricPath],
    starts: Sequence[float],
    times_s: Array,
    columns: int,
    order: int,
) -> Array:
    """(N, columns) the order-th derivative of the joints at times_s; accelerations end at 0, like velocities."""
    result = np.zeros((len(times_s), columns))
    which = np.clip(np.searchsorted(starts, times_s, side="right") - 1, 0, len(starts) - 1)
    for index, piece in enumerate(pieces):
        chosen = which == index
        local_s = np.clip(times_s[chosen] - starts[index], 0.0, piece.duration)
        if chosen.any():
            result[chosen] = np.asarray(piece(local_s, order))[:, :columns]
    if order:
        result[[0, -1]] = 0.0
    return result


def _require_limits(
    arms: Sequence[str], times_s: Array, velocities: Array, accelerations: Array, speed_scale: float
) -> None:
    checks = (
        (velocities, VELOCITY_LIMIT_RAD_S, "rad/s"),
        (accelerations, ACCELERATION_LIMIT_RAD_S2, "rad/s^2"),
    )
    for values, limits, unit in checks:
        allowed = np.tile(limits, len(arms)) * speed_scale
        share = np.abs(values) / allowed
        row, column = divmod(int(share.argmax()), share.shape[1])
        if share[row, column] > 1.0:
            raise DreamitateError(
                ErrorCode.SPEED_LIMIT,
                f"the {arms[column // 6]} arm's {JOINT_NAMES[column % 6]} would move at"
                f" {abs(values[row, column]):.2f} {unit} at {times_s[row]:.2f} s;"
                f" {allowed[column]:.2f} {unit} are allowed",
            )

"""How fast one segment of waypoints is gone through: the fastest timing within the limits, jerk included.

TOPP-RA finds the fastest timing for velocity and acceleration; its acceleration jumps. A moving average over the
path's speed makes the jumps ramps, without leaving the path. What it breaks of a limit, a stretch of time mends.
"""

import logging

import numpy as np
import toppra
from scipy.interpolate import CubicSpline, PPoly
from toppra.algorithm import TOPPRA
from toppra.constraint import JointAccelerationConstraint, JointVelocityConstraint

from dreamitate_ros.values import Array

PLANNED_SHARE = 0.95  # of the limits, since TOPP-RA holds them at grid points only
GRID_POINTS = 301
LOOKED_AT_S, LOOKS = 0.001, 4001  # how often the limits are looked at again, and how many times at least
KEPT_SHARE = 0.99  # of the limits, for what lies between those

logging.getLogger("toppra").setLevel(logging.ERROR)


class NoTiming(Exception):
    """No timing of a path keeps its limits."""


class TimedSegment:
    """Waypoints (N, C) gone through from rest to rest; duration_s. limits: (3, C) of the derivatives 1 to 3.

    Raises NoTiming.
    """

    def __init__(self, waypoints: Array, limits: Array) -> None:
        knots = np.linspace(0.0, 1.0, len(waypoints))
        self._path = CubicSpline(knots, waypoints)
        self._speed = _fastest(knots, waypoints, limits)
        self._place = self._speed.antiderivative()
        self._sum = self._place.antiderivative()
        self._end_s = float(self._speed.x[-1])
        self._window_s = float((2.0 * limits[1] / limits[2]).max())
        self._stretch = 1.0
        self._stretch = self._needed_stretch(limits)

    @property
    def duration_s(self) -> float:
        """From rest to rest."""
        return (self._end_s + self._window_s) * self._stretch

    def at(self, times_s: Array) -> Array:
        """(4, M, C) the waypoints' columns and their first three derivatives by time, at times_s (M,)."""
        s, v, a, j = self._averaged(np.clip(times_s / self._stretch, 0.0, self._end_s + self._window_s))
        q, q1, q2, q3 = (self._path(s[:, 0], order) for order in range(4))
        k = self._stretch
        return np.stack(
            [
                q,
                q1 * v / k,
                (q2 * v**2 + q1 * a) / k**2,
                (q3 * v**3 + 3 * q2 * v * a + q1 * j) / k**3,
            ]
        )

    def _averaged(self, times_s: Array) -> tuple[Array, ...]:
        """(M, 1) each: place on the path (0 to 1) and its derivatives, averaged over the window before times_s."""
        late_s, early_s = times_s, times_s - self._window_s
        total = float(self._place(self._end_s))

        def inside(at_s: Array, function: PPoly, after: Array | float) -> Array:
            value = function(np.clip(at_s, 0.0, self._end_s))
            return np.where(at_s < 0.0, 0.0, np.where(at_s > self._end_s, after, value))

        def average(function: PPoly, after_late: Array | float, after_early: Array | float) -> Array:
            difference = inside(late_s, function, after_late) - inside(early_s, function, after_early)
            return (difference / self._window_s)[:, None]

        summed = float(self._sum(self._end_s))
        place = average(
            self._sum, summed + total * (late_s - self._end_s), summed + total * (early_s - self._end_s)
        )
        return (
            np.clip(place / total, 0.0, 1.0),
            average(self._place, total, total) / total,
            average(self._speed, 0.0, 0.0) / total,
            average(self._speed.derivative(), 0.0, 0.0) / total,
        )

    def _needed_stretch(self, limits: Array) -> float:
        count = max(LOOKS, int(np.ceil(self.duration_s / LOOKED_AT_S)) + 1)
        derivatives = self.at(np.linspace(0.0, self.duration_s, count))[1:]
        with np.errstate(divide="ignore"):
            over = (np.abs(derivatives).max(axis=1) / (KEPT_SHARE * limits)).max(axis=1)
        return max(1.0, *(float(over[order] ** (1.0 / (order + 1))) for order in range(3)))


def _fastest(knots: Array, waypoints: Array, limits: Array) -> PPoly:
    """The path's speed over time, linear between TOPP-RA's grid points; raises NoTiming."""
    algorithm = TOPPRA(
        [
            JointVelocityConstraint(PLANNED_SHARE * limits[0]),
            JointAccelerationConstraint(PLANNED_SHARE * limits[1]),
        ],
        toppra.SplineInterpolator(knots, waypoints),
        gridpoints=np.linspace(0, 1, max(GRID_POINTS, 8 * len(waypoints) - 7)),
        parametrizer="ParametrizeConstAccel",
    )
    _, speeds, _ = algorithm.compute_parameterization(0.0, 0.0)
    if speeds is None or not np.isfinite(speeds).all():
        raise NoTiming
    steps_s = 2 * np.diff(algorithm.gridpoints) / (speeds[1:] + speeds[:-1])
    times_s = np.concatenate([[0.0], np.cumsum(steps_s)])
    if not np.isfinite(times_s).all():
        raise NoTiming
    return PPoly(np.stack([np.diff(speeds) / steps_s, speeds[:-1]]), times_s)

"""The motion between the points of a joint trajectory, as ros2_control interpolates it."""

from collections.abc import Sequence

import numpy as np
from scipy.interpolate import BPoly

from dreamitate_ros.values import Array


class JointSpline:
    """Quintic where both ends know velocity and acceleration, cubic with velocity only, else straight.

    times_s (N,) increasing; positions (N, J); velocities and accelerations (N, J) or None.
    """

    def __init__(
        self,
        times_s: Array,
        positions: Array,
        velocities: Array | None = None,
        accelerations: Array | None = None,
    ) -> None:
        known: Sequence[Array | None] = (positions, velocities, accelerations)
        derivatives = [values for values in known if values is not None]
        if velocities is None:
            derivatives = derivatives[:1]
        self.start_s, self.end_s = float(times_s[0]), float(times_s[-1])
        self._position = BPoly.from_derivatives(np.asarray(times_s, float), np.stack(derivatives, axis=1))
        self._velocity = self._position.derivative()
        self.end = np.asarray(positions[-1], float)

    def at(self, time_s: float) -> tuple[Array, Array]:
        """(J,) position and velocity; before the start and after the end it stands still."""
        if time_s >= self.end_s:
            return self.end, np.zeros_like(self.end)
        if time_s < self.start_s:
            return self._position(self.start_s), np.zeros_like(self.end)
        return self._position(time_s), self._velocity(time_s)

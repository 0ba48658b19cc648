"""Motion as a person makes it: from place to place without a jerk, at rest where it turns back."""

import numpy as np
from scipy.interpolate import PchipInterpolator

from dreamitate_ros.values import Array


def eased(at: Array, *knots: tuple[float, float]) -> Array:
    """(N,) values at times `at` (N,) through knots (time, value), without overshooting; held before and after.

    It comes to rest at the last knot and where two knots are level, and is on its way at the first one otherwise.
    """
    times, values = np.array([*knots, (knots[-1][0] + 1.0, knots[-1][1])], float).T
    return np.asarray(PchipInterpolator(times, values)(np.clip(at, times[0], times[-1])))

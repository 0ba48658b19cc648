"""One smooth tool path through tracked poses: near to those that are sure, free where they are not."""

import numpy as np
from scipy.interpolate import make_smoothing_spline
from scipy.spatial.transform import Rotation

from dreamitate_ros.geometry import interpolate, transform
from dreamitate_ros.values import Array

FEWEST_POSES = 5  # fewer are joined without smoothing
SUREST = np.repeat([0.001, 0.01], 3)  # m and rad: nothing is known better than this
MOTION = np.repeat([0.15, 6.0], 3)
"""(6,) m^2/s^3 and rad^2/s^3: how wildly a hand accelerates (1 m/s^2 and 6 rad/s^2 for a sixth of a second)."""


def smooth_path(times_s: Array, poses: Array, sigma: Array, confidence: Array, at_s: Array) -> Array:
    """(M, 4, 4) poses at at_s, within the times; position, velocity and acceleration are continuous.

    poses: (N, 4, 4) at times_s (N,). sigma: (N, 6) their standard deviations, m and rad along the target frame's
    axes; confidence: (N,) above 0..1. A pose counts with its variance, divided by its confidence squared, against
    how wildly a hand moves: the spline that is likeliest under both.
    """
    if len(times_s) < FEWEST_POSES:
        return interpolate(times_s, poses, at_s)
    at_s = np.clip(at_s, times_s[0], times_s[-1])
    middle = Rotation.from_matrix(poses[:, :3, :3]).mean()
    turns = _unwrapped((Rotation.from_matrix(poses[:, :3, :3]) * middle.inv()).as_rotvec())
    weights = 1.0 / _spread(sigma, confidence) ** 2
    columns = [
        make_smoothing_spline(times_s, values, w=weight, lam=1.0 / wildness)(at_s)
        for values, weight, wildness in zip(
            np.hstack([poses[:, :3, 3], turns]).T, weights.T, MOTION, strict=True
        )
    ]
    moved = np.stack(columns, axis=1)
    return transform((Rotation.from_rotvec(moved[:, 3:]) * middle).as_matrix(), moved[:, :3])


def _spread(sigma: Array, confidence: Array) -> Array:
    """(N, 6) standard deviations to count with; an unknown one is the smallest."""
    known = np.where(np.isfinite(sigma), sigma, 0.0)
    return np.maximum(known, SUREST) / np.clip(confidence, 1e-3, 1.0)[:, None]


def _unwrapped(turns: Array) -> Array:
    """(N, 3) rotation vectors, each the equivalent one nearest to the one before."""
    result = turns.copy()
    for index in range(1, len(turns)):
        angle_rad = float(np.linalg.norm(turns[index]))
        if angle_rad < 1e-9:
            continue
        axis = turns[index] / angle_rad
        whole = np.round((result[index - 1] @ axis - angle_rad) / (2 * np.pi))
        result[index] = axis * (angle_rad + 2 * np.pi * whole)
    return result

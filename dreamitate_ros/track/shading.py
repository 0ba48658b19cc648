"""Shades of a plain surface by Lambert's law: do they fit one light that stays the same through a video?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dreamitate_ros.values import Array

OFFSET_SIGMA = 0.05  # brightness, 0..1, that a frame may have more or less than the others
ROUNDS = 4  # of leaving out what fits badly: highlights, cast shadows
TUKEY = 4.7
LEAST_SIGMA = 0.01
FEWEST = 200  # samples, and
SPREAD = 0.02  # variance of their normals, in the least varied direction: fewer tell no light


@dataclass(frozen=True)
class Shades:
    """Pixels of one frame. normals: (N, 3) unit. albedo: (N,) grey of the surface, 0..1; seen: (N,) grey of the frame;
    weight: (N,)."""

    normals: Array
    albedo: Array
    seen: Array
    weight: Array


def unexplained(frames: Sequence[Shades]) -> float | None:
    """0..1 by how much the shades of all frames differ, on average, from those in the light that explains them best.

    Brightness is ambient + normal . direction, the same in all frames. None where the surfaces seen are too few or
    too much alike in slope to tell.
    """
    if sum(len(frame.seen) for frame in frames) < FEWEST:
        return None
    normals, albedo, seen, weight = (
        np.concatenate([getattr(frame, name) for frame in frames])
        for name in ("normals", "albedo", "seen", "weight")
    )
    if weight.sum() < FEWEST or np.linalg.eigvalsh(np.cov(normals.T, aweights=weight))[1] < SPREAD:
        return None
    which = np.repeat(np.arange(len(frames)), [len(frame.seen) for frame in frames])
    offsets = np.equal.outer(which, np.arange(len(frames))).astype(float)
    terms = np.concatenate([albedo[:, None], albedo[:, None] * normals, offsets], axis=1)
    held = np.diag([1e-6] * 4 + [float(np.mean(weight)) * (LEAST_SIGMA / OFFSET_SIGMA) ** 2] * len(frames))
    robust = np.ones(len(seen))
    for _ in range(ROUNDS):
        weighted = terms * (weight * robust)[:, None]
        solution = np.linalg.solve(weighted.T @ terms + held, weighted.T @ seen)
        missed = seen - terms @ solution
        sigma = max(LEAST_SIGMA, 1.48 * float(np.median(np.abs(missed))))
        robust = np.clip(1 - (missed / (TUKEY * sigma)) ** 2, 0, None) ** 2
    return float(weight @ np.abs(missed) / weight.sum())

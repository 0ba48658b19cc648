"""Flat shapes to push: letters for training, digits and polygons for evaluation, each of convex parts.

The letters are Latin, Greek, Cyrillic and Icelandic: many, for a model pushes those that it has seen, in new scenes,
further home than new shapes. None after Z is a digit or a polygon turned. Letters and digits are drawn with a broad
pen on a grid 4 wide and 6 high; polygons have their corners on a circle.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dreamitate_ros.simulate.seeds import Split
from dreamitate_ros.values import Array

PEN = 1.35  # wide, in steps of the grid
POLYGON_RADIUS = 3.2
RASTER_M = 0.001
SAME_IOU = 0.92  # a turn that leaves this much of a shape where it was cannot be told

Strokes = tuple[tuple[tuple[float, float], ...], ...]

LETTERS: dict[str, Strokes] = {
    "A": (((0, 0), (2, 6), (4, 0)), ((0.8, 2), (3.2, 2))),
    "B": (((0, 0), (0, 6), (3.2, 6), (3.2, 3)), ((0, 3), (4, 3), (4, 0), (0, 0))),
    "C": (((4, 6), (0, 6), (0, 0), (4, 0)),),
    "D": (((0, 0), (0, 6), (2.6, 6), (4, 4.5), (4, 1.5), (2.6, 0), (0, 0)),),
    "E": (((4, 6), (0, 6), (0, 0), (4, 0)), ((0, 3), (3, 3))),
    "F": (((4, 6), (0, 6), (0, 0)), ((0, 3), (3, 3))),
    "G": (((4, 6), (0, 6), (0, 0), (4, 0), (4, 2.7), (2.4, 2.7)),),
    "H": (((0, 0), (0, 6)), ((4, 0), (4, 6)), ((0, 3), (4, 3))),
    "I": (((2, 0), (2, 6)), ((0.6, 6), (3.4, 6)), ((0.6, 0), (3.4, 0))),
    "J": (((4, 6), (4, 0), (0.5, 0), (0.5, 1.8)),),
    "K": (((0, 0), (0, 6)), ((4, 6), (0, 3), (4, 0))),
    "L": (((0, 6), (0, 0), (4, 0)),),
    "M": (((0, 0), (0, 6), (2.2, 3), (4.4, 6), (4.4, 0)),),
    "N": (((0, 0), (0, 6), (4, 0), (4, 6)),),
    "O": (((1, 0), (0, 1.5), (0, 4.5), (1, 6), (3, 6), (4, 4.5), (4, 1.5), (3, 0), (1, 0)),),
    "P": (((0, 0), (0, 6), (4, 6), (4, 2.8), (0, 2.8)),),
    "Q": (
        ((1, 0), (0, 1.5), (0, 4.5), (1, 6), (3, 6), (4, 4.5), (4, 1.5), (3, 0), (1, 0)),
        ((2.4, 1.8), (4.4, -0.4)),
    ),
    "R": (((0, 0), (0, 6), (4, 6), (4, 2.8), (0, 2.8)), ((1.6, 2.8), (4, 0))),
    "S": (((4, 6), (0, 6), (0, 3), (4, 3), (4, 0), (0, 0)),),
    "T": (((0, 6), (4, 6)), ((2, 6), (2, 0))),
    "U": (((0, 6), (0, 0), (4, 0), (4, 6)),),
    "V": (((0, 6), (2, 0), (4, 6)),),
    "W": (((0, 6), (1, 0), (2.2, 4), (3.4, 0), (4.4, 6)),),
    "X": (((0, 0), (4, 6)), ((0, 6), (4, 0))),
    "Y": (((0, 6), (2, 3), (4, 6)), ((2, 3), (2, 0))),
    "Z": (((0, 6), (4, 6), (0, 0), (4, 0)),),
    "Γ": (((4, 6), (0, 6), (0, 0)),),
    "Θ": (((1, 0), (0, 1.5), (0, 4.5), (1, 6), (3, 6), (4, 4.5), (4, 1.5), (3, 0), (1, 0)), ((0, 3), (4, 3))),
    "Σ": (((4, 6), (0, 6), (2.2, 3), (0, 0), (4, 0)),),
    "Φ": (((2, 0), (2, 6)), ((0, 1.6), (0, 4.6), (4, 4.6), (4, 1.6), (0, 1.6))),
    "Ψ": (((0, 6), (0, 3), (4, 3), (4, 6)), ((2, 6), (2, 0))),
    "Ω": (((0, 0), (1.2, 0), (0, 2), (0, 4.5), (1, 6), (3, 6), (4, 4.5), (4, 2), (2.8, 0), (4, 0)),),
    "Ж": (((0, 0), (4, 6)), ((0, 6), (4, 0)), ((2, 0), (2, 6))),
    "И": (((0, 6), (0, 0), (4, 6), (4, 0)),),
    "У": (((0, 6), (2, 3)), ((4, 6), (1, 0))),
    "Ь": (((0, 6), (0, 0), (4, 0), (4, 3.2), (0, 3.2)),),
    "Ю": (((0, 0), (0, 6)), ((0, 3), (1.8, 3)), ((1.8, 0), (1.8, 6), (4.4, 6), (4.4, 0), (1.8, 0))),
    "Я": (((4, 0), (4, 6), (0, 6), (0, 2.8), (4, 2.8)), ((2.4, 2.8), (0, 0))),
    "Þ": (((0, 0), (0, 6)), ((0, 4.8), (3.6, 4.8), (3.6, 1.6), (0, 1.6))),
}
DIGITS: dict[str, Strokes] = {
    "1": (((0.8, 4.6), (2, 6), (2, 0)), ((0.6, 0), (3.4, 0))),
    "2": (((0, 6), (4, 6), (4, 3.2), (0, 0), (4, 0)),),
    "3": (((0, 6), (4, 6), (4, 0), (0, 0)), ((1.4, 3), (4, 3))),
    "4": (((3, 0), (3, 6), (0, 2), (4.2, 2)),),
    "5": (((4, 6), (0, 6), (0, 3.4), (3, 3.4), (4, 2.4), (4, 1), (3, 0), (0, 0)),),
    "6": (((4, 6), (0, 6), (0, 0), (4, 0), (4, 3), (0, 3)),),
    "7": (((0, 6), (4, 6), (1.4, 0)),),
}
POLYGON_DEG: dict[str, tuple[float, ...]] = {  # where the corners lie on the circle
    "triangle": (90, 210, 330),
    "square": (45, 135, 225, 315),
    "pentagon": (90, 162, 234, 306, 18),
    "trapezoid": (60, 120, 205, 335),
    "kite": (90, 170, 270, 10),
}
NAMES = {Split.TRAINING: tuple(LETTERS), Split.EVALUATION: (*DIGITS, *POLYGON_DEG)}


def glyph(name: str, step_m: float) -> tuple[Array, ...]:
    """Convex parts, each (N, 2) counter-clockwise in metres, the area's centre at the origin."""
    if name in POLYGON_DEG:
        angles = np.deg2rad(np.sort(POLYGON_DEG[name]))
        corners = POLYGON_RADIUS * np.column_stack([np.cos(angles), np.sin(angles)])
        return centred([step_m * corners])
    return drawn((LETTERS | DIGITS)[name], PEN, step_m)


def drawn(strokes: Strokes, pen: float, step_m: float) -> tuple[Array, ...]:
    """What a pen so many steps of the grid wide draws; parts as of glyph."""
    ends = [(np.array(a, float), np.array(b, float)) for stroke in strokes for a, b in pairwise(stroke)]
    return centred([step_m * _bar(a, b, pen) for a, b in ends])


def centred(parts: list[Array]) -> tuple[Array, ...]:
    """The parts (N, 2) with their area's centre at the origin."""
    corners = np.concatenate(parts)
    grid = raster(corners.min(axis=0), corners.max(axis=0))
    centre = grid[covered(parts, grid)].mean(axis=0)
    return tuple(part - centre for part in parts)


def raster(low_m: Array, high_m: Array) -> Array:
    """(N, 2) points RASTER_M apart between two corners (2,)."""
    x, y = (np.arange(low, high, RASTER_M) for low, high in zip(low_m, high_m, strict=True))
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def covered(parts: tuple[Array, ...] | list[Array], points_m: Array) -> NDArray[np.bool_]:
    """(N,) whether each point (N, 2) lies in one of the convex parts."""
    result = np.zeros(len(points_m), bool)
    for part in parts:
        edges = np.roll(part, -1, axis=0) - part
        normals = np.column_stack([edges[:, 1], -edges[:, 0]])
        result |= ((points_m @ normals.T) <= (part * normals).sum(axis=1)).all(axis=1)
    return result


def placed(parts: tuple[Array, ...], x_y_yaw: Array) -> tuple[Array, ...]:
    """The parts turned by yaw and moved; x_y_yaw: (3,) m, m, rad."""
    c, s = np.cos(x_y_yaw[2]), np.sin(x_y_yaw[2])
    return tuple(part @ np.array([[c, s], [-s, c]]) + x_y_yaw[:2] for part in parts)


def overlap(first: tuple[Array, ...], second: tuple[Array, ...]) -> float:
    """Intersection over union of two shapes, on a raster."""
    corners = np.concatenate([*first, *second])
    grid = raster(corners.min(axis=0), corners.max(axis=0))
    a, b = covered(first, grid), covered(second, grid)
    return float((a & b).sum() / (a | b).sum())


def symmetry_order(parts: tuple[Array, ...]) -> int:
    """How many turns about the origin leave the shape as it is, 1 for none but the full one."""
    turns = (6, 5, 4, 3, 2)
    return next(
        (n for n in turns if overlap(parts, placed(parts, np.array([0, 0, 2 * np.pi / n]))) > SAME_IOU), 1
    )


def _bar(start: Array, end: Array, pen: float) -> Array:
    """A stroke of the pen with square ends."""
    along = (end - start) / np.linalg.norm(end - start) * pen / 2
    across = np.array([-along[1], along[0]])
    return np.stack(
        [start - along - across, end + along - across, end + along + across, start - along + across]
    )

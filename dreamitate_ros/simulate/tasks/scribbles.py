"""Shapes at random to train with: as many as there are scenes, for a model pushes shapes that it knows further home."""

from functools import lru_cache

import numpy as np

from dreamitate_ros.simulate.seeds import Split
from dreamitate_ros.simulate.tasks.glyphs import NAMES, Strokes, covered, drawn, glyph, placed
from dreamitate_ros.values import Array

GRID = tuple((x, y) for x in (0.0, 2.0, 4.0) for y in (0.0, 2.0, 4.0, 6.0))
PENS = (1.1, 2.2)  # wide, in steps of the grid: from lines to blots
ALIKE_IOU = 0.8  # with a shape to evaluate with, in any turn: drawn anew
TURNS = 24
NOMINAL_STEP_M = 0.0165


def scribble(random: np.random.Generator, step_m: float) -> tuple[Array, ...]:
    """One or two strokes over the letters' grid, the second begun on the first; parts as of glyphs.glyph.

    None looks like a shape to evaluate with.
    """
    while True:
        strokes, pen = _strokes(random), random.uniform(*PENS)
        if likeness(drawn(strokes, pen, NOMINAL_STEP_M)) < ALIKE_IOU:
            return drawn(strokes, pen, step_m)


def _strokes(random: np.random.Generator) -> Strokes:
    first = _stroke(random, GRID[random.integers(len(GRID))], lines=int(random.integers(2, 5)))
    if random.random() < 0.5:
        return (first,)
    return first, _stroke(random, first[random.integers(len(first))], lines=int(random.integers(1, 3)))


def _stroke(
    random: np.random.Generator, begin: tuple[float, float], lines: int
) -> tuple[tuple[float, float], ...]:
    corners = [begin]
    for _ in range(lines):
        others = [corner for corner in GRID if corner not in corners]
        corners.append(others[random.integers(len(others))])
    return tuple(corners)


def likeness(parts: tuple[Array, ...]) -> float:
    """The largest intersection over union with a shape to evaluate with, in any turn; parts of its usual size."""
    points_m, known = _evaluated()
    mask = covered(parts, points_m)
    both = known @ mask.astype(np.float32)
    return float((both / (known.sum(axis=1) + mask.sum() - both)).max())


@lru_cache(maxsize=1)
def _evaluated() -> tuple[Array, Array]:
    """Points (N, 2) 3 mm apart, and which of them each shape to evaluate with covers in each turn (M, N)."""
    line = np.arange(-0.09, 0.09, 0.003)
    points_m = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
    turns_rad = 2 * np.pi * np.arange(TURNS) / TURNS
    shapes = [glyph(name, NOMINAL_STEP_M) for name in NAMES[Split.EVALUATION]]
    turned = [placed(shape, np.array([0.0, 0.0, turn])) for shape in shapes for turn in turns_rad]
    return points_m, np.array([covered(shape, points_m) for shape in turned], np.float32)

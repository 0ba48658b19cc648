"""Shades that one light explains, and shades that none does."""

import numpy as np
import pytest

from dreamitate_ros.track.shading import Shades, unexplained

LIGHT = np.array([0.1, -0.2, -0.5])


def bowl(seed: int, sign: float) -> Shades:
    """A round surface, its shades those of its normals times `sign` in x and y: -1 shows it hollow."""
    random = np.random.default_rng(seed)
    flat = random.uniform(-0.6, 0.6, (300, 2))
    normals = np.column_stack([flat, -np.sqrt(1 - (flat**2).sum(axis=1))])
    shown = normals * [sign, sign, 1.0]
    seen = 0.8 * (0.4 + shown @ LIGHT) + random.normal(0, 0.005, 300)
    return Shades(normals, np.full(300, 0.8), seen, np.ones(300))


def turned(shades: Shades, about_x_rad: float) -> Shades:
    """The same shades on surfaces turned about x, as another view sees them."""
    c, s = np.cos(about_x_rad), np.sin(about_x_rad)
    turn = np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    normals = shades.normals @ turn.T
    return Shades(normals, shades.albedo, shades.seen, shades.weight)


def test_true_normals_explain_the_shades():
    assert unexplained([bowl(0, 1.0), bowl(1, 1.0)]) < 0.01


def test_one_view_cannot_tell_a_hollow_from_a_bump_but_two_can():
    assert unexplained([bowl(0, -1.0)]) < 0.01
    both = unexplained([bowl(0, -1.0), turned(bowl(1, 1.0), 0.4)])
    assert both > 3 * unexplained([bowl(0, 1.0), turned(bowl(1, 1.0), 0.0)])


def test_a_frame_may_be_brighter_than_the_others():
    brighter = bowl(1, 1.0)
    brighter = Shades(brighter.normals, brighter.albedo, brighter.seen + 0.05, brighter.weight)
    assert unexplained([bowl(0, 1.0), brighter]) < 0.01


@pytest.mark.parametrize("count", [0, 1])
def test_surfaces_all_of_one_slope_tell_no_light(count):
    flat = Shades(np.tile([0.0, 0.0, -1.0], (300, 1)), np.ones(300), np.full(300, 0.5), np.ones(300))
    assert unexplained([flat] * count) is None

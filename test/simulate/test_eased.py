"""Eased motion meets its knots, never overshoots, and rests where it should."""

import numpy as np

from dreamitate_ros.simulate.eased import eased


def test_it_meets_its_knots_without_overshooting() -> None:
    knots = (0.0, 0.1), (2.0, 0.1), (5.0, 0.4), (6.0, 0.4), (9.0, -0.2)
    at = np.linspace(-1, 10, 1101)
    values = eased(at, *knots)
    for time, value in knots:
        np.testing.assert_allclose(np.interp(time, at, values), value, atol=1e-6)
    assert values.min() >= -0.2 - 1e-12
    assert values.max() <= 0.4 + 1e-12
    np.testing.assert_allclose(values[at <= 0], 0.1)
    np.testing.assert_allclose(values[at >= 9], -0.2)


def test_it_rests_at_levels_and_at_the_end_and_is_on_its_way_at_the_start() -> None:
    speed = np.gradient(eased(np.linspace(0, 6, 6001), (0, 0), (4, 1), (5, 1), (6, 2)), 1e-3)
    assert speed[1] > 1 / 4
    assert abs(speed[4000:5000]).max() < 0.01
    assert abs(speed[-1]) < 0.01

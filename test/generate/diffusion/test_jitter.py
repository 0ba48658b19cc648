"""Light and colour may vary between versions of a demonstration; nothing else may."""

import numpy as np

from dreamitate_ros.generate.diffusion.train.jitter import Jitter, draw_jitter, jittered


def pictures() -> np.ndarray:
    return np.random.default_rng(3).integers(60, 160, (6, 8, 12, 3), dtype=np.uint8)


def test_the_same_colour_becomes_the_same_colour_wherever_it_is() -> None:
    images = pictures()
    images[0, 0, 0] = images[5, 7, 11] = images[3, 2, 1] = (90, 120, 70)
    changed = jittered(images, Jitter(1.15, 0.8, 1.2))
    assert not np.array_equal(changed, images)
    assert np.array_equal(changed[0, 0, 0], changed[5, 7, 11])
    assert np.array_equal(changed[0, 0, 0], changed[3, 2, 1])


def test_nothing_moves() -> None:
    images = np.full((2, 8, 12, 3), 100, dtype=np.uint8)
    images[1, 4, 9] = 130
    changed = jittered(images, Jitter(1.2, 0.8, 0.7)).astype(int)
    bright = np.argwhere((changed != changed[0, 0, 0]).any(axis=-1))
    assert bright.tolist() == [[1, 4, 9]]


def test_each_factor_does_its_own_work() -> None:
    images = pictures()
    assert np.array_equal(jittered(images, Jitter(1, 1, 1)), images)
    brighter = jittered(images, Jitter(1.2, 1, 1))
    assert np.abs(brighter - 1.2 * images).max() <= 0.51
    flat = jittered(images, Jitter(1, 0, 1))
    assert np.ptp(flat) == 0
    grey = jittered(images, Jitter(1, 1, 0))
    assert np.ptp(grey, axis=-1).max() == 0 and np.ptp(grey) > 20


def test_draws_stay_within_the_strength_and_differ() -> None:
    drawn = [draw_jitter(Jitter(0.2, 0.1, 0.0), seed) for seed in range(50)]
    assert draw_jitter(Jitter(0.2, 0.1, 0.0), 7) == drawn[7]
    assert len(set(drawn)) == 50
    assert all(abs(jitter.brightness - 1) <= 0.2 and abs(jitter.contrast - 1) <= 0.1 for jitter in drawn)
    assert all(jitter.saturation == 1 for jitter in drawn)

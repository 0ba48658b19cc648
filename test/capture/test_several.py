"""Several photos become one: quieter, and only of a still scene in settled light."""

import numpy as np
import pytest

from dreamitate_ros.capture.several import average, is_settled
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.values import StereoImage

RANDOM = np.random.default_rng(0)
SCENE = np.kron(RANDOM.integers(40, 210, (18, 32, 3)), np.ones((40, 40, 1))).astype(np.uint8)


def pair(level=1.0, noise=6.0, top=SCENE, stamp_s=0.0):
    views = [
        np.clip(level * view + RANDOM.normal(0, noise, view.shape), 0, 255).astype(np.uint8)
        for view in (top, SCENE)
    ]
    return StereoImage(views[0], views[1], stamp_s, stamp_s + 0.01)


def test_averaging_halves_the_noise():
    one, mean = pair(), average([pair(stamp_s=float(i)) for i in range(4)])
    assert mean.top.dtype == np.uint8
    assert mean.top_stamp_s == 2.0 and mean.side_stamp_s == pytest.approx(2.01)
    noise = [np.std(photo.top.astype(float) - SCENE) for photo in (one, mean)]
    assert noise[1] < 0.6 * noise[0]


def test_a_moving_hand_is_refused_and_names_the_view():
    hand = SCENE.copy()
    hand[300:360, 500:560] = 250
    with pytest.raises(DreamitateError, match="in front of the top camera") as caught:
        average([pair(), pair(), pair(top=hand)])
    assert caught.value.code == ErrorCode.SCENE_MOVES


def test_exposure_that_still_changes_is_not_settled():
    assert is_settled(pair(), pair())
    assert not is_settled(pair(), pair(level=1.04))

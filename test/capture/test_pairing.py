"""Pairs by stamp, and refuses in words."""

import pytest

from dreamitate_ros.capture.pairing import StereoPairer
from dreamitate_ros.errors import DreamitateError, ErrorCode


def pairer() -> StereoPairer[str]:
    return StereoPairer(max_skew_s=0.05, max_age_s=1.0)


def refusal(pairer: StereoPairer[str], now_s: float) -> DreamitateError:
    with pytest.raises(DreamitateError) as caught:
        pairer.pair(now_s)
    return caught.value


def test_takes_the_two_images_nearest_in_time() -> None:
    cameras = pairer()
    for stamp_s, image in [(9.50, "t0"), (9.60, "t1"), (9.70, "t2")]:
        cameras.add("top", stamp_s, image)
    for stamp_s, image in [(9.56, "s0"), (9.61, "s1")]:
        cameras.add("side", stamp_s, image)
    assert cameras.pair(10.0) == ((9.60, "t1"), (9.61, "s1"))


def test_prefers_the_newest_of_equally_good_pairs() -> None:
    cameras = pairer()
    for stamp_s in (9.0, 9.5):
        cameras.add("top", stamp_s, f"t{stamp_s}")
        cameras.add("side", stamp_s, f"s{stamp_s}")
    assert cameras.pair(9.6)[0] == (9.5, "t9.5")


def test_a_silent_camera_is_named() -> None:
    cameras = pairer()
    cameras.add("top", 10.0, "t")
    error = refusal(cameras, 10.0)
    assert error.code == ErrorCode.NO_IMAGES
    assert "side camera" in error.message


def test_an_old_image_is_refused() -> None:
    cameras = pairer()
    cameras.add("top", 10.0, "t")
    cameras.add("side", 8.0, "s")
    error = refusal(cameras, 10.1)
    assert error.code == ErrorCode.IMAGES_STALE
    assert "2.10 s old" in error.message


def test_drifting_cameras_are_refused_with_the_skew() -> None:
    cameras = pairer()
    cameras.add("top", 10.0, "t")
    cameras.add("side", 10.08, "s")
    error = refusal(cameras, 10.1)
    assert error.code == ErrorCode.IMAGES_SKEWED
    assert "80 ms" in error.message


def test_forgets_on_request() -> None:
    cameras = pairer()
    cameras.add("top", 10.0, "t")
    cameras.add("side", 10.0, "s")
    cameras.clear()
    assert refusal(cameras, 10.0).code == ErrorCode.NO_IMAGES

"""The packing of two views into one clip."""

import numpy as np
import pytest

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.clip import last_of_both_views, pack_clip, unpack_clip
from dreamitate_ros.values import Image, StereoImage


def frames(count: int) -> Image:
    return np.arange(count, dtype=np.uint8)[:, None, None, None].repeat(4, 1).repeat(6, 2).repeat(3, 3)


PHOTOS = StereoImage(top=np.full((4, 6, 3), 100, np.uint8), side=np.full((4, 6, 3), 200, np.uint8))


def test_side_view_starts_with_its_photo_and_goes_on_at_frame_13() -> None:
    video = unpack_clip(frames(25), PHOTOS, fps=6.0)
    assert video.top[:, 0, 0, 0].tolist() == list(range(13))
    assert video.side[:, 0, 0, 0].tolist() == [200, *range(13, 25)]
    np.testing.assert_allclose(video.times_s, np.arange(13) / 6)
    np.testing.assert_array_equal(pack_clip(video), frames(25))


def test_a_clip_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(DreamitateError, match="24 frames") as caught:
        unpack_clip(frames(24), PHOTOS, fps=6.0)
    assert caught.value.code == ErrorCode.WRONG_CLIP_LENGTH


def test_a_clip_of_another_size_is_refused_with_both_sizes() -> None:
    with pytest.raises(DreamitateError, match=r"6x5.*6x4") as caught:
        unpack_clip(np.zeros((25, 5, 6, 3), np.uint8), PHOTOS, fps=6.0)
    assert caught.value.code == ErrorCode.WRONG_CLIP_SIZE


def test_the_last_time_of_a_clip_is_its_middle_and_its_last_frame() -> None:
    frames = np.repeat(np.arange(25, dtype=np.uint8), 2 * 3 * 3).reshape(25, 2, 3, 3)
    last = last_of_both_views(frames)
    assert last.shape == (2, 6, 3)
    assert (last[0, 0, 0], last[0, 3, 0]) == (12, 24)

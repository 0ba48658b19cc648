"""Stored photos, and what is said when they are not there."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from dreamitate_ros.capture.photos import crop_photos, read_photos
from dreamitate_ros.errors import DreamitateError, ErrorCode


def test_reads_rgb_and_crops_both(tmp_path: Path) -> None:
    for name, bgr in (("top", (0, 0, 255)), ("side", (255, 0, 0))):
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.full((72, 128, 3), bgr, np.uint8))
    photos = crop_photos(read_photos(tmp_path), 64, 32)
    assert photos.top.shape == photos.side.shape == (32, 64, 3)
    assert photos.top[0, 0].tolist() == [255, 0, 0]
    assert photos.side[0, 0].tolist() == [0, 0, 255]


@pytest.mark.parametrize("content", [None, b"not an image"])
def test_an_unreadable_photo_is_named(tmp_path: Path, content: bytes | None) -> None:
    cv2.imwrite(str(tmp_path / "top.png"), np.zeros((4, 4, 3), np.uint8))
    if content:
        (tmp_path / "side.png").write_bytes(content)
    with pytest.raises(DreamitateError, match=r"side\.png") as caught:
        read_photos(tmp_path)
    assert caught.value.code == ErrorCode.UNREADABLE_IMAGE

"""Photos stored on disk: top.png and side.png of one scene."""

from pathlib import Path

import cv2
import numpy as np

from dreamitate_ros.capture.framing import crop_image
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.values import Image, StereoImage


def read_photo(path: Path) -> Image:
    """(H, W, 3) uint8 RGB; raises DreamitateError(UNREADABLE_IMAGE) when there is no readable image."""
    if not path.is_file():
        raise DreamitateError(ErrorCode.UNREADABLE_IMAGE, f"the photo {path} does not exist")
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise DreamitateError(
            ErrorCode.UNREADABLE_IMAGE,
            f"the photo {path} is not a readable PNG or JPEG image",
        )
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def read_photos(directory: Path) -> StereoImage:
    """The pair top.png and side.png in `directory`, uncropped."""
    return StereoImage(read_photo(directory / "top.png"), read_photo(directory / "side.png"))


def crop_photos(photos: StereoImage, width: int, height: int) -> StereoImage:
    """Both photos as the video model sees them: (height, width, 3)."""
    top, side = (crop_image(view, width, height) for view in (photos.top, photos.side))
    return StereoImage(top, side, photos.top_stamp_s, photos.side_stamp_s)

"""Between the photos' size and the one that a model imagines at."""

import cv2
import numpy as np

from dreamitate_ros.capture.framing import crop_image
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.values import Image, StereoImage, StereoVideo


def shrunk(photos: StereoImage, size: tuple[int, int] | None) -> StereoImage:
    """The photos at `size` (width, height); as they are where it is None.

    Raises WRONG_CLIP_SIZE for another aspect ratio, which could not be undone.
    """
    if size is None or photos.top.shape[1::-1] == size:
        return photos
    height, width = photos.top.shape[:2]
    if width * size[1] != height * size[0]:
        raise DreamitateError(
            ErrorCode.WRONG_CLIP_SIZE,
            f"the photos are {width}x{height} px, but the model imagines {size[0]}x{size[1]}; crop them to that"
            " aspect ratio",
        )
    return StereoImage(
        crop_image(photos.top, *size), crop_image(photos.side, *size), photos.top_stamp_s, photos.side_stamp_s
    )


def enlarged(video: StereoVideo, photos: StereoImage) -> StereoVideo:
    """The video at the photos' size; time 0 is the photos themselves."""
    if video.top.shape[1:] == photos.top.shape:
        return video
    return StereoVideo(_view(video.top, photos.top), _view(video.side, photos.side), video.fps)


def _view(frames: Image, photo: Image) -> Image:
    size = (photo.shape[1], photo.shape[0])
    imagined = [cv2.resize(frame, size, interpolation=cv2.INTER_CUBIC) for frame in frames[1:]]
    return np.stack([photo, *imagined])

"""One quiet photo pair out of several: exposure settled, nothing moving, noise averaged away."""

from collections.abc import Sequence

import cv2
import numpy as np

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.values import Image, StereoImage

SETTLED = 0.01  # of the brightness, from one pair to the next
STILL_GREY = 12.0  # of 255, between a blurred photo and the middle of all
MOVED_SHARE = 0.001  # of the pixels that may differ by more
LOOKED_AT_PX = 320  # width at which movement is looked for


def brightness(photos: StereoImage) -> tuple[float, float]:
    """Mean grey of the top and the side view, 0 to 255."""
    return float(photos.top.mean()), float(photos.side.mean())


def is_settled(before: StereoImage, after: StereoImage) -> bool:
    """Whether automatic exposure has come to rest between two pairs."""
    levels = zip(brightness(before), brightness(after), strict=True)
    return all(abs(now - then) <= SETTLED * max(then, 1.0) for then, now in levels)


def average(pairs: Sequence[StereoImage]) -> StereoImage:
    """The mean of several pairs of a still scene, with the stamps of the middle one; raises SCENE_MOVES.

    Four pairs halve the sensor's noise, which a video model would otherwise animate.
    """
    middle = pairs[len(pairs) // 2]
    if len(pairs) == 1:
        return middle
    top, side = (_mean(view, [getattr(pair, view) for pair in pairs]) for view in ("top", "side"))
    return StereoImage(top, side, middle.top_stamp_s, middle.side_stamp_s)


def _mean(view: str, photos: Sequence[Image]) -> Image:
    small = np.stack([_small(photo) for photo in photos])
    far = np.abs(small - np.median(small, axis=0)).max(axis=-1) > STILL_GREY
    share = float(far.mean(axis=(1, 2)).max())
    if share > MOVED_SHARE:
        raise DreamitateError(
            ErrorCode.SCENE_MOVES,
            f"something moves in front of the {view} camera ({100 * share:.1f} % of the picture); the photos must show"
            " a still scene without hands: step back, or let the object come to rest",
        )
    return np.asarray(np.mean(photos, axis=0).round(), np.uint8)


def _small(photo: Image) -> np.ndarray:
    height = round(photo.shape[0] * LOOKED_AT_PX / photo.shape[1])
    shrunk = cv2.resize(photo, (LOOKED_AT_PX, height), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(shrunk, (0, 0), 1.0), np.float32)

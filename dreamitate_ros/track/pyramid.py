"""One frame of one view at several sizes, each with its camera: its colours, and its likeness to a tool."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dreamitate_ros.capture.framing import crop_camera
from dreamitate_ros.values import Array, Camera

SMALLEST_PX = 32
SMOOTHING_PX = 0.8  # takes the stair-steps out of renderings and the grain out of frames


@dataclass(frozen=True)
class Level:
    """camera and its picture (H, W, 5) float32, smoothed: RGB, likeness, known; see footage.Frame."""

    camera: Camera
    picture: NDArray[np.float32]

    def around(self, pixel: Array, reach_px: float) -> "Level":
        """The part of it within reach_px of a pixel (2,), with the camera of that part."""
        camera, rows, columns = window(self.camera, pixel, reach_px)
        return Level(camera, self.picture[rows, columns].copy())


def window(camera: Camera, pixel: Array, reach_px: float) -> tuple[Camera, slice, slice]:
    """The camera of the part of the image within reach_px of a pixel (2,), and that part's rows and columns."""
    size = np.array([camera.width, camera.height])
    low = np.clip(np.floor(pixel - reach_px), 0, size - SMALLEST_PX).astype(int)
    high = np.clip(np.ceil(pixel + reach_px) + 1, low + SMALLEST_PX, size).astype(int)
    K = camera.K.copy()
    K[:2, 2] -= low
    part = Camera(K, int(high[0] - low[0]), int(high[1] - low[1]))
    return part, slice(low[1], high[1]), slice(low[0], high[0])


def pyramid(camera: Camera, picture: NDArray[np.float32], levels: int) -> list[Level]:
    """`levels` levels of a picture (H, W, 5), the first at full size, each next one half as large."""
    result = []
    for index in range(levels):
        if index:
            size = (max(8, camera.width // 2), max(8, camera.height // 2))
            picture = shrunk(picture, size)
            camera = crop_camera(camera, *size)
        smooth = cv2.GaussianBlur(picture, (0, 0), SMOOTHING_PX)
        result.append(Level(camera, np.asarray(smooth, dtype=np.float32)))
    return result


def shrunk(picture: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """A picture (H, W, 5) averaged down to size (width, height)."""
    parts = (picture[..., :3], picture[..., 3:])  # cv2 resizes up to four channels
    return np.dstack([cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in parts])

"""One frame of one view at several sizes, each with its camera."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dreamitate_ros.capture.framing import crop_camera
from dreamitate_ros.values import Camera, Image

SMOOTHING_PX = 0.8  # takes the stair-steps out of renderings and the grain out of frames


@dataclass(frozen=True)
class Level:
    """camera and image (H, W, 3) float32 RGB 0..1, smoothed; across, down: (H, W, 3) its derivative per px in x, y."""

    camera: Camera
    image: NDArray[np.float32]
    across: NDArray[np.float32]
    down: NDArray[np.float32]


def pyramid(camera: Camera, image: Image, levels: int) -> list[Level]:
    """`levels` levels, the first at full size, each next one half as large."""
    pixels = image.astype(np.float32) / 255.0
    result = []
    for index in range(levels):
        if index:
            size = (max(8, camera.width // 2), max(8, camera.height // 2))
            pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
            camera = crop_camera(camera, *size)
        smooth = np.asarray(cv2.GaussianBlur(pixels, (0, 0), SMOOTHING_PX), dtype=np.float32)
        result.append(Level(camera, smooth, *image_gradient(smooth)))
    return result


def image_gradient(image: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(H, W, 3) derivative per px along x, and along y."""
    kernel = np.array([[-0.5, 0.0, 0.5]], np.float32)
    across = cv2.filter2D(image, cv2.CV_32F, kernel, borderType=cv2.BORDER_REPLICATE)
    down = cv2.filter2D(image, cv2.CV_32F, kernel.T, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(across), np.asarray(down)

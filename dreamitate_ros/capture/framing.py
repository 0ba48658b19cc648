"""Centre-crop to an aspect ratio, then resize; the camera matrix follows the pixels."""

import cv2
import numpy as np

from dreamitate_ros.values import Camera, Image


def crop_camera(camera: Camera, width: int, height: int) -> Camera:
    """The camera of `crop_image(image, width, height)`; pixel centres at integers."""
    left_px, top_px, scale = _crop(camera.width, camera.height, width, height)
    K = camera.K.copy()
    K[:2] *= scale
    # the image's corner is at -0.5 px: shift there, scale, shift back
    K[0, 2] = (camera.K[0, 2] + 0.5 - left_px) * scale - 0.5
    K[1, 2] = (camera.K[1, 2] + 0.5 - top_px) * scale - 0.5
    return Camera(K, width, height)


def uncrop_camera(camera: Camera, width: int, height: int) -> Camera:
    """The (width x height) camera whose cropped image `camera` belongs to: the inverse of crop_camera."""
    left_px, top_px, scale = _crop(width, height, camera.width, camera.height)
    K = camera.K.copy()
    K[:2] /= scale
    K[0, 2] = (camera.K[0, 2] + 0.5) / scale + left_px - 0.5
    K[1, 2] = (camera.K[1, 2] + 0.5) / scale + top_px - 0.5
    return Camera(K, width, height)


def crop_image(image: Image, width: int, height: int) -> Image:
    """(height, width, 3) the largest centred part of image (H, W, 3) with that aspect, area-resampled."""
    left_px, top_px, scale = _crop(image.shape[1], image.shape[0], width, height)
    if (left_px, top_px, scale) == (0.0, 0.0, 1.0):
        return image
    # an affine warp keeps the sub-pixel crop that the camera matrix states; blurred first against aliasing
    target_from_source = np.array(
        [
            [scale, 0, (0.5 - left_px) * scale - 0.5],
            [0, scale, (0.5 - top_px) * scale - 0.5],
        ]
    )
    sigma_px = 0.35 / scale if scale < 1 else 0.0
    smooth = cv2.GaussianBlur(image, (0, 0), sigma_px) if sigma_px > 0.4 else image
    return np.asarray(
        cv2.warpAffine(smooth, target_from_source, (width, height), flags=cv2.INTER_LINEAR),
        dtype=np.uint8,
    )


def _crop(source_width: int, source_height: int, width: int, height: int) -> tuple[float, float, float]:
    """Left and top edge of the centred crop in px of the source, and the scale to the target."""
    scale = max(width / source_width, height / source_height)
    return (
        (source_width - width / scale) / 2,
        (source_height - height / scale) / 2,
        scale,
    )

"""How much each pixel looks like the tool: by its colour, and by whether it changed since the photo."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from dreamitate_ros.track.appearance import Appearance
from dreamitate_ros.values import Image

BINS = 16  # per colour channel
SPREAD_BINS = 0.6  # how far a colour may stray: noise, compression, tinted light
SHADES = np.linspace(0.45, 1.15, 9)  # brightness of a surface of a known colour, by its slope to the light
LEAST_CHANGE = 0.06  # difference to the photo, 0..1, that is half a proof of change
UNKNOWN = 0.5  # weight of colours that nobody has seen yet, against those of the background
LEARNED = 4.0  # weight of the colours seen on the tool, against those that its mesh promises


@dataclass(frozen=True)
class ColorModel:
    """Which colours are the tool's: probability tables (B, B, B) of the tool and of everything else."""

    promised: NDArray[np.float32] | None
    tool: NDArray[np.float32] | None
    other: NDArray[np.float32]

    def likeness(self, image: Image) -> NDArray[np.float32]:
        """(H, W) 0..1 probability that a pixel of image (H, W, 3) uint8 shows the tool, by its colour alone."""
        parts = [(1.0, self.promised), (LEARNED, self.tool)]
        known = [(weight, table) for weight, table in parts if table is not None]
        if not known:
            return np.ones(image.shape[:2], np.float32)
        tool = sum(weight * table for weight, table in known) / sum(weight for weight, _ in known)
        other = (1 - UNKNOWN) * self.other + UNKNOWN / BINS**3
        ratio = np.asarray(tool / (tool + other + 1e-12), dtype=np.float32)
        return ratio[_bins(image)]

    def learn(self, tool_pixels: Image, other_pixels: Image) -> "ColorModel":
        """With what was seen on the tool (N, 3) and around it (M, 3)."""
        if not len(tool_pixels) or not len(other_pixels):
            return self
        around = 0.4 * self.other + 0.6 * _table(other_pixels)
        return ColorModel(self.promised, _table(tool_pixels), around)


def color_model(appearance: Appearance, photos: list[Image]) -> ColorModel:
    """What the mesh promises, against what the photos (no tool in them) show."""
    other = _table(np.concatenate([photo[::4, ::4].reshape(-1, 3) for photo in photos]))
    colors = appearance.surface[1]
    if colors is None:
        return ColorModel(None, None, other)
    shaded = np.clip(255 * SHADES[:, None, None] * colors[None, ::4], 0, 255).astype(np.uint8)
    return ColorModel(_table(shaded.reshape(-1, 3)), None, other)


def tint(image: Image, photo: Image) -> NDArray[np.float32]:
    """(3,) by how many grey levels all of the image differs from the photo."""
    difference = image[::8, ::8].astype(np.float32) - photo[::8, ::8]
    return np.asarray(np.median(difference.reshape(-1, 3), axis=0), dtype=np.float32)


def change(image: Image, photo: Image) -> NDArray[np.float32]:
    """(H, W) 0..1 how surely a pixel differs from the photo."""
    difference = cv2.blur(image.astype(np.float32) - photo, (3, 3))
    size = _highest(np.abs(difference)) * np.float32(1.0 / (255.0 * LEAST_CHANGE))
    return np.asarray(1.0 - np.exp2(-size * size), dtype=np.float32)


def shaded(image: Image, photo: Image) -> NDArray[np.float32]:
    """(H, W) 0..1 how much a pixel is but the photo's, darker: a shadow."""
    now, before = (cv2.blur(picture, (3, 3)).astype(np.float32) + 4.0 for picture in (image, photo))
    ratio = now / before
    highest = _highest(ratio)
    darker = np.clip((1.05 - highest) / 0.10, 0.0, 1.0)
    alike = np.clip((0.35 - highest - _highest(-ratio)) / 0.10, 0.0, 1.0)
    return np.asarray(darker * alike, dtype=np.float32)


def _highest(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """(H, W) of (H, W, 3) over the channels; many times faster than numpy's own over a short last axis."""
    return np.maximum(np.maximum(picture[..., 0], picture[..., 1]), picture[..., 2])


def _bins(image: Image) -> tuple[NDArray[np.uint8], ...]:
    bins = image // (256 // BINS)
    return bins[..., 0], bins[..., 1], bins[..., 2]


def _table(pixels: Image) -> NDArray[np.float32]:
    counts = np.zeros((BINS,) * 3, np.float32)
    np.add.at(counts, _bins(pixels), 1.0)
    spread = gaussian_filter(counts, SPREAD_BINS, mode="nearest")
    return np.asarray(spread / spread.sum(), dtype=np.float32)

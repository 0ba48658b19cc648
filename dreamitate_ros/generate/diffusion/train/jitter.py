"""Other light and colour for a demonstration; nothing moves, so both views and the calibration stay true."""

from dataclasses import dataclass

import numpy as np

from dreamitate_ros.values import Image

LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
"""Weights of red, green and blue in grey (ITU-R BT.601)."""


@dataclass(frozen=True)
class Jitter:
    """Factors, 1 changes nothing. brightness: of every level. contrast: of the distance from the clip's mean
    grey. saturation: of the distance from a pixel's own grey."""

    brightness: float
    contrast: float
    saturation: float


def draw_jitter(strength: Jitter, seed: int) -> Jitter:
    """Each factor uniform in [1 - strength, 1 + strength]."""
    draws = np.random.default_rng(seed).uniform(-1, 1, 3)
    widths = (strength.brightness, strength.contrast, strength.saturation)
    return Jitter(*(float(1 + width * draw) for width, draw in zip(widths, draws, strict=True)))


def jittered(images: Image, jitter: Jitter) -> Image:
    """(N, H, W, 3) uint8 RGB, all images changed by the same function of a pixel's colour.

    images: every frame of both views together, for the mean that contrast turns about is theirs in common.
    """
    mean = float((images.mean(axis=(0, 1, 2)) * LUMA).sum()) * jitter.brightness
    changed = np.empty_like(images)
    for index, image in enumerate(images):
        level = mean + jitter.contrast * (image.astype(np.float32) * jitter.brightness - mean)
        grey = (level @ LUMA)[..., None]
        level = grey + jitter.saturation * (level - grey)
        changed[index] = level.round().clip(0, 255).astype(np.uint8)
    return changed

"""How well the tool, drawn at a pose, agrees with what a view shows."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dreamitate_ros.geometry import apply, project
from dreamitate_ros.track.appearance import Appearance, chroma
from dreamitate_ros.track.pyramid import SMOOTHING_PX, Level
from dreamitate_ros.track.render import Rendering, render
from dreamitate_ros.values import Array

BEYOND = 0.3  # how far around the drawing the tool's pixels count against it, as a share of its size
FEWEST_PIXELS = 30
IN_PLACE = 0.6  # correlation of the colours from which they are where they belong: some are a hand's
LIKELY = 0.5  # likeness from which a pixel inside a drawing counts as the tool's


@dataclass(frozen=True)
class Look:
    """agreement: -1..1 of drawing and frame: correlation of the colours of a textured tool; else the silhouette, less
    where a tool of several colours does not show them in their places.

    silhouette: 0..1 intersection over union of the drawn tool and what looks like it, where that can be told.
    visible: 0..1 share of the drawn tool that looks like it. inside: 0..1 share of its surface in the image.
    """

    agreement: float
    silhouette: float
    visible: float
    inside: float


UNSEEN = Look(-1.0, 0.0, 0.0, 0.0)


def look(appearance: Appearance, level: Level, camera_from_tool: Array) -> Look:
    """Judge a pose in one view; UNSEEN where the tool is hardly inside the image."""
    drawn = render(appearance, level.camera, camera_from_tool)
    if drawn is None or drawn.mask.sum() < FEWEST_PIXELS:
        return UNSEEN
    silhouette, visible = _overlap(drawn, level)
    if appearance.textured:
        agreement = _correlation(drawn, level)
    else:
        agreement = silhouette * (_painted(drawn, level) if appearance.colorful else 1.0)
    return Look(agreement, silhouette, visible, _inside(appearance, level, camera_from_tool))


def _overlap(drawn: Rendering, level: Level) -> tuple[float, float]:
    """Intersection over union, and the share of the drawing that looks like the tool."""
    height, width = drawn.mask.shape
    margin = round(BEYOND * max(height, width))
    top, left = max(0, drawn.y - margin), max(0, drawn.x - margin)
    around = level.picture[top : drawn.y + height + margin, left : drawn.x + width + margin]
    mask = np.zeros(around.shape[:2], np.float32)
    mask[drawn.y - top : drawn.y - top + height, drawn.x - left : drawn.x - left + width] = drawn.mask
    mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), SMOOTHING_PX), dtype=np.float32)
    likeness, known = around[..., 3], around[..., 4]
    both = float((known * np.minimum(mask, likeness)).sum())
    either = float((known * np.maximum(mask, likeness)).sum())
    return both / max(either, 1.0), both / max(float(mask.sum()), 1.0)


def _correlation(drawn: Rendering, level: Level) -> float:
    """-1..1 of the colours well inside the drawing with the frame's, but for what a hand hides."""
    height, width = drawn.mask.shape
    inner = cv2.erode(drawn.mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1) > 0
    if inner.sum() < FEWEST_PIXELS:
        return -1.0
    shown = level.picture[drawn.y : drawn.y + height, drawn.x : drawn.x + width][inner]
    weight = shown[:, 4] / max(float(shown[:, 4].sum()), 1e-6)
    one, other = (
        colors - weight @ colors
        for colors in (_smooth_inside(drawn)[inner], np.ascontiguousarray(shown[:, :3]))
    )
    norms = (weight @ one**2).sum() * (weight @ other**2).sum()
    return float((weight @ (one * other)).sum() / np.sqrt(norms + 1e-9))


def _painted(drawn: Rendering, level: Level) -> float:
    """0..1 how far colours are where the drawing has them, in whatever light."""
    height, width = drawn.mask.shape
    shown = level.picture[drawn.y : drawn.y + height, drawn.x : drawn.x + width]
    inner = drawn.mask & (shown[..., 3] * shown[..., 4] > LIKELY)
    if inner.sum() < FEWEST_PIXELS:
        return 1.0
    one, other = (chroma(colors[inner]) for colors in (drawn.color, shown[..., :3]))
    norms = (one**2).sum() * (other**2).sum()
    correlation = float((one * other).sum() / np.sqrt(norms + 1e-9))
    return 0.5 + 0.5 * min(1.0, correlation / IN_PLACE)


def _smooth_inside(drawn: Rendering) -> NDArray[np.float32]:
    weight = cv2.GaussianBlur(drawn.mask.astype(np.float32), (0, 0), SMOOTHING_PX)
    total = cv2.GaussianBlur(drawn.color, (0, 0), SMOOTHING_PX)
    return np.asarray(total / np.maximum(weight, 1e-3)[..., None], dtype=np.float32)


def _inside(appearance: Appearance, level: Level, camera_from_tool: Array) -> float:
    pixels = project(level.camera, apply(camera_from_tool, appearance.surface[0][::8]))
    size = [level.camera.width - 1, level.camera.height - 1]
    return float(((pixels >= 0) & (pixels <= size)).all(axis=1).mean())

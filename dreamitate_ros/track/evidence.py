"""What one view says about a pose: its frame against a drawing of the tool, as a quadratic of a small motion.

Inside a textured tool the drawing's colours are compared with the frame's (up to a gain and an offset); inside any
tool and along its outline, the drawn silhouette with the frame's likeness to it. Robust Lucas-Kanade on both.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dreamitate_ros.geometry import apply, project
from dreamitate_ros.track.appearance import Appearance
from dreamitate_ros.track.pyramid import SMOOTHING_PX, Level
from dreamitate_ros.track.render import Rendering, render
from dreamitate_ros.track.twist import pixel_jacobian
from dreamitate_ros.values import Array

BAND_PX = 3  # how far off the outline the silhouette is compared
MOST_INSIDE, MOST_INSIDE_PLAIN, MOST_BAND = 500, 150, 300
FEWEST_POINTS = 20
SWELL_PX = (
    0.7  # how much wider or narrower than it is a tool may seem all around: what an edge's mixed colours do
)
TUKEY = 4.7  # in standard deviations: farther residuals (a hand, an object) count nothing
LEAST_COLOR_SIGMA = 0.04  # noise, 0..1, below which residuals are not told apart
LEAST_OUTLINE_SIGMA = 0.10
BESIDE_TEXTURE = 5.0  # times that, where a pattern says more than an outline that a hand may cover
OWN_TURN = (
    0.1  # rad of picture motion that a view pays for each rad by which it alone shows a plain tool turned
)
SHAPE = 8.0  # a view misplaces a tool that much more readily than it turns or swells it, squared
INDEPENDENT_PX = 6.0  # points closer to each other than this say the same


@dataclass(frozen=True)
class Patch:
    """Points of a drawing. points: (N, 3) in the tool frame; those just off the outline continue its surface.

    value, across, down: (N, 4) RGB and silhouette, and their derivatives per px. core: (N,) True inside the tool.
    color: (N,) 1 where RGB counts: not on plain tools, whose shades are the light's. share: of a point's word that is
    its own, not its neighbours'. outline_sigma: noise of the silhouette that is always allowed for. own_turn: what a
    turn costs that this view alone shows, beyond what it moves: an outline gives turns away for small shifts.
    """

    points: Array
    value: Array
    across: Array
    down: Array
    core: NDArray[np.bool_]
    color: Array
    share: float
    outline_sigma: float
    own_turn: float


@dataclass(frozen=True)
class Evidence:
    """cost(twist) = slope . twist + twist . curvature . twist / 2, twist (6,) along the camera's axes (m, rad).

    motion: (6, 6) twist . motion . twist is the mean square by which a twist moves the tool's picture, in rad; what
    it moves the points of the picture against each other counts SHAPE times.
    """

    curvature: Array
    slope: Array
    motion: Array


@dataclass(frozen=True)
class Match:
    """A patch laid on a frame. seen: (N, 5) the picture; residual, weight: (N, 4); inside: (N,) in the image."""

    seen: Array
    residual: Array
    weight: Array
    inside: NDArray[np.bool_]


def draw_patch(appearance: Appearance, level: Level, camera_from_tool: Array) -> Patch | None:
    """The points by which a pose near camera_from_tool is judged; None when the tool is hardly in the image."""
    drawn = render(appearance, level.camera, camera_from_tool)
    if drawn is None or drawn.mask.sum() < FEWEST_POINTS:
        return None
    mask = drawn.mask.astype(np.float32)
    silhouette = cv2.GaussianBlur(mask, (0, 0), SMOOTHING_PX)
    color = cv2.GaussianBlur(drawn.color, (0, 0), SMOOTHING_PX) / np.maximum(silhouette, 1e-3)[..., None]
    picture = np.dstack([color, silhouette])
    across, down = _gradient(picture)
    core, band = _zones(drawn.mask)
    inside_at, inside_stride = _thinned(core, MOST_INSIDE if appearance.textured else MOST_INSIDE_PLAIN)
    band_at, band_stride = _thinned(band, MOST_BAND)
    chosen = np.concatenate([inside_at, band_at])
    value, across, down = (image.reshape(-1, 4)[chosen].astype(float) for image in (picture, across, down))
    is_core = core.reshape(-1)[chosen]
    spacing_px = np.sqrt(min(inside_stride, band_stride))
    return Patch(
        points=_extended(drawn, level, camera_from_tool).reshape(-1, 3)[chosen],
        value=value,
        across=across,
        down=down,
        core=is_core,
        color=is_core * float(appearance.textured),
        share=min(1.0, (spacing_px / INDEPENDENT_PX) ** 2),
        outline_sigma=LEAST_OUTLINE_SIGMA * (BESIDE_TEXTURE if appearance.textured else 1.0),
        own_turn=0.0 if appearance.textured else OWN_TURN,
    )


def _zones(mask: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Well inside the tool, and along its outline."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1) > 0
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * BAND_PX + 1, 2 * BAND_PX + 1))
    near = cv2.dilate(mask.astype(np.uint8), kernel) > 0
    far = cv2.erode(mask.astype(np.uint8), kernel, borderValue=1) > 0
    return inner, near & ~far


def _thinned(zone: NDArray[np.bool_], most: int) -> tuple[NDArray[np.int64], int]:
    chosen = np.flatnonzero(zone)
    stride = max(1, round(len(chosen) / most))
    return chosen[::stride], stride


def _extended(drawn: Rendering, level: Level, camera_from_tool: Array) -> Array:
    """(h, w, 3) points of the tool; off it, where the pixel's ray passes at the depth of the nearest pixel of it."""
    off = (~drawn.mask).astype(np.uint8)
    _, label = cv2.distanceTransformWithLabels(off, cv2.DIST_L2, 3, labelType=cv2.DIST_LABEL_PIXEL)
    nearest = np.zeros(int(label.max()) + 1, np.int64)
    on = np.flatnonzero(drawn.mask)
    nearest[label.reshape(-1)[on]] = on
    rotation, origin = camera_from_tool[:3, :3], camera_from_tool[:3, 3]
    depth = drawn.points.reshape(-1, 3)[nearest[label]] @ rotation[2] + origin[2]
    rows, columns = np.mgrid[: off.shape[0], : off.shape[1]]
    K = level.camera.K
    x = (columns + drawn.x - K[0, 2]) / K[0, 0] * depth
    y = (rows + drawn.y - K[1, 2]) / K[1, 1] * depth
    return (np.dstack([x, y, depth]) - origin) @ rotation


def match(patch: Patch, level: Level, camera_from_tool: Array) -> tuple[Match, Array] | None:
    """The patch laid on the frame at a pose, and its points in the camera's frame; None when it lies outside."""
    points = apply(camera_from_tool, patch.points)
    if points[:, 2].min() < 1e-2:
        return None
    pixels = project(level.camera, points)
    last = [level.camera.width - 1, level.camera.height - 1]
    inside = np.asarray(((pixels >= 0) & (pixels <= last)).all(axis=1))
    if (inside & patch.core).sum() < FEWEST_POINTS:
        return None
    maps = pixels.astype(np.float32)
    seen = _sample(level.picture, maps)
    gain, offset = _brightness(patch, seen, inside * patch.color)
    drawn = np.concatenate([gain * patch.value[:, :3] + offset, patch.value[:, 3:]], axis=1)
    residual = seen[:, :4] - drawn
    weight = _weights(residual, patch, inside)
    weight[:, 3] *= seen[:, 4]  # behind a hand the silhouette says nothing; colours tell a hand by themselves
    gain, offset = _brightness(patch, seen, weight[:, 0])
    residual[:, :3] = seen[:, :3] - (gain * patch.value[:, :3] + offset)
    return Match(seen, residual, weight, inside), points


def evidence(patch: Patch, level: Level, camera_from_tool: Array, center_m: Array) -> Evidence | None:
    """What the view says near a pose; None when the patch lies outside the image."""
    matched = match(patch, level, camera_from_tool)
    if matched is None:
        return None
    found, points = matched
    maps = project(level.camera, points).astype(np.float32)
    across = 0.5 * (_difference(level.picture, maps, (1, 0))[:, :4] + patch.across)
    down = 0.5 * (_difference(level.picture, maps, (0, 1))[:, :4] + patch.down)
    center = camera_from_tool[:3, :3] @ center_m + camera_from_tool[:3, 3]
    by_twist = pixel_jacobian(level.camera, points, center)
    weighted_x, weighted_y = found.weight * across, found.weight * down
    u, v = by_twist[:, 0], by_twist[:, 1]
    xx, xy, yy = _dots(weighted_x, across), _dots(weighted_x, down), _dots(weighted_y, down)
    curvature = u.T @ (xx[:, None] * u + xy[:, None] * v) + v.T @ (xy[:, None] * u + yy[:, None] * v)
    slope = u.T @ _dots(weighted_x, found.residual) + v.T @ _dots(weighted_y, found.residual)
    steepness = np.hypot(patch.across[:, 3], patch.down[:, 3])
    swell = found.weight[:, 3] * steepness
    mixed = -(u.T @ (swell * across[:, 3]) + v.T @ (swell * down[:, 3]))
    stiffness = swell @ steepness + 1.0 / (patch.share * SWELL_PX**2)
    slope += mixed * (swell @ found.residual[:, 3]) / stiffness
    curvature -= np.outer(mixed, mixed) / stiffness
    shift = by_twist.mean(axis=0)
    rows = (by_twist - shift).reshape(-1, 6)
    motion = (shift.T @ shift + SHAPE * rows.T @ rows / len(points)) / level.camera.K[0, 0] ** 2
    motion[3:, 3:] += np.eye(3) * patch.own_turn**2
    motion += np.eye(6) * 1e-6 * np.trace(motion)  # what moves nothing is held, if only just
    return Evidence(patch.share * curvature, patch.share * slope, motion)


def _dots(a: Array, b: Array) -> Array:
    """(N,) of the rows."""
    return np.asarray(np.einsum("nc,nc->n", a, b))


def _gradient(picture: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(H, W, C) derivative per px along x, and along y."""
    kernel = np.array([[-0.5, 0.0, 0.5]], np.float32)
    across = cv2.filter2D(picture, cv2.CV_32F, kernel, borderType=cv2.BORDER_REPLICATE)
    down = cv2.filter2D(picture, cv2.CV_32F, kernel.T, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(across), np.asarray(down)


def _difference(picture: NDArray[np.float32], maps: NDArray[np.float32], step: tuple[int, int]) -> Array:
    """(N, 5) derivative per px of the picture at pixels (N, 2), along a step of one pixel."""
    offset = np.array(step, np.float32)
    return 0.5 * (_sample(picture, maps + offset) - _sample(picture, maps - offset))


def _sample(picture: NDArray[np.float32], maps: NDArray[np.float32]) -> Array:
    """(N, 5) values of picture (H, W, 5) at pixels (N, 2)."""
    x, y = (np.ascontiguousarray(maps[:, axis])[None] for axis in (0, 1))
    return np.asarray(
        cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[0], dtype=np.float64
    )


def _brightness(patch: Patch, seen: Array, weight: Array) -> tuple[Array, Array]:
    """Gain and offset (3,) per colour that make the drawing most like the frame."""
    drawn, seen = patch.value[:, :3], seen[:, :3]
    total = weight.sum() + 1e-9
    drawn_mean, seen_mean = weight @ drawn / total, weight @ seen / total
    centred = drawn - drawn_mean
    gain = (weight @ (centred * (seen - seen_mean)) / total + 0.01) / (weight @ centred**2 / total + 0.01)
    gain = np.clip(gain, 0.3, 2.0)
    return gain, seen_mean - gain * drawn_mean


def _weights(residual: Array, patch: Patch, inside: NDArray[np.bool_]) -> Array:
    """(N, 4) Tukey's weights over the variance: colours by their common difference, the silhouette by its own."""
    result = np.zeros_like(residual)
    colors = np.sqrt((residual[:, :3] ** 2).mean(axis=1))
    for channels, size, counts, least in (
        (slice(0, 3), colors, inside & (patch.color > 0), LEAST_COLOR_SIGMA),
        (slice(3, 4), np.abs(residual[:, 3]), inside, patch.outline_sigma),
    ):
        if not counts.any():
            continue
        sigma = max(least, 1.48 * float(np.median(size[counts])))
        robust = np.clip(1 - (size / (TUKEY * sigma)) ** 2, 0, None) ** 2
        result[:, channels] = (np.where(counts, robust, 0.0) / sigma**2)[:, None]
    return result

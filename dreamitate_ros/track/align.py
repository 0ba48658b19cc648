"""Sliding a rendering of the tool onto one frame of one view until the colours match (robust Lucas-Kanade)."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from dreamitate_ros.geometry import apply, project, transform
from dreamitate_ros.track.appearance import Appearance
from dreamitate_ros.track.pyramid import SMOOTHING_PX, Level, image_gradient
from dreamitate_ros.track.render import render
from dreamitate_ros.values import Array, Camera

MOST_POINTS = 1000
FEWEST_POINTS = 40
TUKEY = 4.7  # in standard deviations: farther residuals (a hand, an object) count nothing
LEAST_SIGMA = 0.04  # colour noise below which residuals are not told apart
ALIKE = 0.15  # colour difference, 0..1, up to which a point looks like the tool
EDGE_SHARE = 0.3  # of the strongest slope of the drawing: points as steep as that are edges
DAMPING = 3e-3  # relative to the mean curvature: holds what one view hardly sees


@dataclass(frozen=True)
class Alignment:
    """camera_from_tool: (4, 4). correlation: -1..1 between tool and frame, over all of the tool in the image.

    inliers: 0..1 share of the tool's visible pixels that look like the tool.
    inside: 0..1 share of the tool's surface that projects into the image.
    edges: (E, 3) points of the tool, in its frame, whose place in the frame is well seen: on its pattern's edges.
    """

    camera_from_tool: Array
    correlation: float
    inliers: float
    inside: float
    edges: Array


@dataclass(frozen=True)
class _Patch:
    """Visible points (N, 3) of the tool, tool frame; color (N, 3) and its derivatives per px in the rendering."""

    points: Array
    color: Array
    across: Array
    down: Array


def align(
    appearance: Appearance, level: Level, camera_from_tool: Array, steps: int = 10, renderings: int = 2
) -> Alignment | None:
    """The best pose near `camera_from_tool` (4, 4); None when the tool is hardly inside the image."""
    patch = None
    for _ in range(renderings):
        patch = _visible_patch(appearance, level.camera, camera_from_tool)
        if patch is None:
            return None
        camera_from_tool = _slide(patch, appearance, level, camera_from_tool, steps)
    return None if patch is None else _judge(appearance, patch, level, camera_from_tool)


def perturb(camera_from_tool: Array, center_m: Array, twist: Array) -> Array:
    """Move by twist (6,): translation in m, then rotation vector in rad about the tool's centre, camera axes."""
    turn = Rotation.from_rotvec(twist[3:]).as_matrix()
    center = camera_from_tool[:3, :3] @ center_m + camera_from_tool[:3, 3]
    rotation = turn @ camera_from_tool[:3, :3]
    return transform(rotation, center + twist[:3] - rotation @ center_m)


def pixel_jacobian(camera: Camera, points: Array, center: Array) -> Array:
    """(N, 2, 6) how the pixels of points (N, 3) in the camera frame move with a twist about `center` (3,)."""
    x, y, z = points.T
    arm_x, arm_y, arm_z = (points - center).T
    zero = np.zeros_like(x)
    u_x, u_z = camera.K[0, 0] / z, -camera.K[0, 0] * x / z**2
    v_y, v_z = camera.K[1, 1] / z, -camera.K[1, 1] * y / z**2
    # a turn w moves a point by w x arm
    u = [u_x, zero, u_z, u_z * arm_y, u_x * arm_z - u_z * arm_x, -u_x * arm_y]
    v = [zero, v_y, v_z, v_z * arm_y - v_y * arm_z, -v_z * arm_x, v_y * arm_x]
    return np.stack([np.stack(u, axis=-1), np.stack(v, axis=-1)], axis=1)


def _visible_patch(appearance: Appearance, camera: Camera, camera_from_tool: Array) -> _Patch | None:
    drawn = render(appearance, camera, camera_from_tool)
    if drawn is None:
        return None
    smooth = _smooth_inside(drawn.color, drawn.mask)
    inner = cv2.erode(drawn.mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1) > 0
    chosen = np.flatnonzero(inner)
    if len(chosen) < FEWEST_POINTS:
        return None
    chosen = chosen[:: max(1, round(len(chosen) / MOST_POINTS))]
    pictures = (drawn.points, smooth, *image_gradient(smooth))
    return _Patch(*(picture.reshape(-1, 3)[chosen].astype(float) for picture in pictures))


def _smooth_inside(color: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Smooth without mixing in what is off the tool."""
    weight = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), SMOOTHING_PX)
    total = cv2.GaussianBlur(color, (0, 0), SMOOTHING_PX)
    return np.asarray(total / np.maximum(weight, 1e-3)[..., None], dtype=np.float32)


def _slide(patch: _Patch, appearance: Appearance, level: Level, camera_from_tool: Array, steps: int) -> Array:
    focal_px = level.camera.K[0, 0]
    for _ in range(steps):
        points = apply(camera_from_tool, patch.points)
        center = apply(camera_from_tool, appearance.center_m[None])[0]
        if points[:, 2].min() < appearance.radius_m / 10:
            break
        pixels = project(level.camera, points)
        inside = _inside(level, pixels)
        if inside.sum() < FEWEST_POINTS:
            break
        color = _sample(level.image, pixels)
        gain, offset, weight = _match(patch.color, color, inside)
        residual = color - (gain * patch.color + offset)
        across = 0.5 * (_sample(level.across, pixels) + gain * patch.across)
        down = 0.5 * (_sample(level.down, pixels) + gain * patch.down)
        by_twist = pixel_jacobian(level.camera, points, center)
        jacobian = across[..., None] * by_twist[:, :1] + down[..., None] * by_twist[:, 1:]
        twist = _solve(jacobian, residual, weight, appearance.radius_m, float(center[2]) / focal_px)
        camera_from_tool = perturb(camera_from_tool, appearance.center_m, twist)
        moved_m = np.linalg.norm(twist[:3]) + appearance.radius_m * np.linalg.norm(twist[3:])
        if moved_m * focal_px / center[2] < 0.05:
            break
    return camera_from_tool


def _solve(jacobian: Array, residual: Array, weight: Array, radius_m: float, m_per_px: float) -> Array:
    scale = np.array([m_per_px] * 3 + [m_per_px / (0.5 * radius_m)] * 3)  # unknowns of about one pixel each
    rows = (jacobian * scale).reshape(-1, 6)
    weighted = rows * np.repeat(weight, 3)[:, None]
    curvature = weighted.T @ rows
    curvature += np.eye(6) * (DAMPING * np.trace(curvature) / 6 + 1e-9)
    step = np.clip(np.linalg.solve(curvature, -weighted.T @ residual.reshape(-1)), -4.0, 4.0)
    return np.asarray(step * scale)


def _inside(level: Level, pixels: Array) -> NDArray[np.bool_]:
    last = np.array([level.camera.width - 1, level.camera.height - 1])
    return np.asarray(((pixels >= 0) & (pixels <= last)).all(axis=1))


def _sample(picture: NDArray[np.float32], pixels: Array) -> Array:
    """(N, 3) values of picture (H, W, 3) at pixels (N, 2)."""
    x, y = pixels.astype(np.float32).T[:, None]
    values = cv2.remap(picture, np.ascontiguousarray(x), np.ascontiguousarray(y), cv2.INTER_LINEAR)
    return values[0].astype(float)


def _match(drawn: Array, seen: Array, inside: NDArray[np.bool_]) -> tuple[Array, Array, Array]:
    """Gain and offset (3,) that make the drawing most like the frame, and how far each point (N,) is believed."""
    gain, offset = _brightness(drawn, seen, inside.astype(float))
    weight = _weights(seen - (gain * drawn + offset), inside)
    return *_brightness(drawn, seen, weight), weight


def _brightness(drawn: Array, seen: Array, weight: Array) -> tuple[Array, Array]:
    """Gain and offset (3,) per colour that make the drawing most like the frame."""
    total = weight.sum() + 1e-9
    drawn_mean, seen_mean = weight @ drawn / total, weight @ seen / total
    centred = drawn - drawn_mean
    gain = (weight @ (centred * (seen - seen_mean)) / total + 0.01) / (weight @ centred**2 / total + 0.01)
    gain = np.clip(gain, 0.3, 2.0)
    return gain, seen_mean - gain * drawn_mean


def _weights(residual: Array, inside: NDArray[np.bool_]) -> Array:
    """(N,) Tukey's weights by the size of the colour difference."""
    size = _size(residual)
    sigma = max(LEAST_SIGMA, 1.48 * float(np.median(size[inside])))
    return np.where(inside, np.clip(1 - (size / (TUKEY * sigma)) ** 2, 0, None) ** 2, 0.0)


def _judge(appearance: Appearance, patch: _Patch, level: Level, camera_from_tool: Array) -> Alignment | None:
    pixels = project(level.camera, apply(camera_from_tool, patch.points))
    inside = _inside(level, pixels)
    if inside.sum() < FEWEST_POINTS:
        return None
    seen = _sample(level.image, pixels)
    gain, offset, _ = _match(patch.color, seen, inside)
    alike = inside & (_size(seen - (gain * patch.color + offset)) < ALIKE)
    slope = np.hypot(patch.across, patch.down).max(axis=1)
    surface = project(level.camera, apply(camera_from_tool, appearance.corners[:, 0]))
    return Alignment(
        camera_from_tool,
        correlation=_correlation(patch.color[inside], seen[inside]),
        inliers=float(alike.sum() / inside.sum()),
        inside=float(_inside(level, surface).mean()),
        edges=patch.points[alike & (slope > EDGE_SHARE * slope.max())],
    )


def _correlation(drawn: Array, seen: Array) -> float:
    drawn, seen = drawn - drawn.mean(axis=0), seen - seen.mean(axis=0)
    return float((drawn * seen).sum() / np.sqrt((drawn**2).sum() * (seen**2).sum() + 1e-12))


def _size(residual: Array) -> Array:
    return np.asarray(np.sqrt((residual**2).mean(axis=1)))

"""Drawing a tool at a pose: colour, which pixels it covers and where on it each pixel lies."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dreamitate_ros.geometry import apply, inverse, project
from dreamitate_ros.track.appearance import Appearance
from dreamitate_ros.values import Array, Camera

SUBPIXEL_BITS = 4
MARGIN_PX = 3


@dataclass(frozen=True)
class Rendering:
    """A window of the image with the tool drawn in it.

    x, y: the window's first column and row in the image. color: (h, w, 3) float32 RGB 0..1, 0 off the tool.
    mask: (h, w) where the tool is. points: (h, w, 3) the point seen, tool frame, metres; undefined off the tool.
    """

    x: int
    y: int
    color: NDArray[np.float32]
    mask: NDArray[np.bool_]
    points: Array

    def window(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same window of an image of the camera's size."""
        height, width = self.mask.shape
        return image[self.y : self.y + height, self.x : self.x + width]


def render(appearance: Appearance, camera: Camera, camera_from_tool: Array) -> Rendering | None:
    """Draw the tool unlit; None where nothing of it is inside the image or it reaches behind the camera."""
    corners = apply(camera_from_tool, appearance.corners.reshape(-1, 3))
    if not corners[:, 2].min() > 1e-3:
        return None
    pixels = project(camera, corners)
    low = np.maximum(np.floor(pixels.min(axis=0)).astype(int) - MARGIN_PX, 0)
    high = np.minimum(np.ceil(pixels.max(axis=0)).astype(int) + MARGIN_PX + 1, [camera.width, camera.height])
    if (high - low < 2 * MARGIN_PX).any():
        return None
    size = (int(high[1] - low[1]), int(high[0] - low[0]))
    triangle = _draw_triangles(
        pixels.reshape(-1, 3, 2) - low, corners.reshape(-1, 3, 3)[..., 2].mean(1), size
    )
    mask = triangle >= 0
    reach_m = (float(corners[:, 2].min()), float(corners[:, 2].max()))
    points, uv = _lift(appearance, camera, camera_from_tool, appearance.parent[triangle], low, reach_m)
    texture = appearance.texture_for(float(np.median(corners[:, 2])) / camera.K[0, 0])
    color = _sample(texture, uv)
    color[~mask] = 0
    return Rendering(int(low[0]), int(low[1]), color, mask, points)


def _draw_triangles(pixels: Array, depth_m: Array, size: tuple[int, int]) -> NDArray[np.int64]:
    """(h, w) index of the nearest triangle, -1 for none: all are painted from far to near."""
    canvas = np.full(size, -1, np.float32)
    fixed = np.round(pixels * (1 << SUBPIXEL_BITS)).astype(np.int32)
    for index in np.argsort(-depth_m):
        cv2.fillConvexPoly(canvas, fixed[index], float(index), shift=SUBPIXEL_BITS)
    return canvas.astype(np.int64)


def _lift(
    appearance: Appearance,
    camera: Camera,
    camera_from_tool: Array,
    parent: NDArray[np.int64],
    low: Array,
    reach_m: tuple[float, float],
) -> tuple[Array, Array]:
    """Where the ray through each pixel meets its triangle's plane: (h, w, 3) in the tool frame; and its uv.

    reach_m: nearest and farthest depth of the tool; a plane seen edge-on is not followed beyond them.
    """
    tool_from_camera = inverse(camera_from_tool)
    rows, columns = np.mgrid[: parent.shape[0], : parent.shape[1]]
    homogeneous = np.stack([columns + low[0], rows + low[1], np.ones_like(rows)], axis=-1)
    rays = homogeneous @ np.linalg.inv(camera.K).T @ tool_from_camera[:3, :3].T
    origin, planes = tool_from_camera[:3, 3], appearance.planes[parent]
    along = np.einsum("hwi,hwi->hw", planes[..., :3], rays)
    along = np.where(np.abs(along) < 1e-3, 1e-3, along)
    depth = np.clip((planes[..., 3] - planes[..., :3] @ origin) / along, *reach_m)
    points = origin + depth[..., None] * rays
    maps = appearance.uv_from_point[parent]
    uv = np.einsum("hwij,hwj->hwi", maps[..., :3], points) + maps[..., 3]
    return points, uv


def _sample(texture: NDArray[np.float32], uv: Array) -> NDArray[np.float32]:
    height, width = texture.shape[:2]
    x = (uv[..., 0] * width - 0.5).astype(np.float32)
    y = ((1.0 - uv[..., 1]) * height - 0.5).astype(np.float32)
    return np.asarray(cv2.remap(texture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE))

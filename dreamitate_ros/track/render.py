"""Drawing a tool at a pose by casting a ray through every pixel (Embree): what is seen, and where on the tool."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dreamitate_ros.geometry import apply, inverse, project
from dreamitate_ros.track.appearance import Appearance
from dreamitate_ros.values import Array, Camera

MARGIN_PX = 5
GRAY = 0.5  # a tool without colours


@dataclass(frozen=True)
class Rendering:
    """A window of the image with the tool drawn in it.

    x, y: the window's first column and row in the image. color: (h, w, 3) float32 RGB 0..1, 0 off the tool.
    mask: (h, w) where the tool is. points: (h, w, 3) the point seen, tool frame, metres; 0 off the tool.
    normals: (h, w, 3) of the surface there, towards the camera, along the camera's axes; 0 off the tool.
    """

    x: int
    y: int
    color: NDArray[np.float32]
    mask: NDArray[np.bool_]
    points: Array
    normals: Array


def render(appearance: Appearance, camera: Camera, camera_from_tool: Array) -> Rendering | None:
    """Draw the tool unlit; None where nothing of it is inside the image or it reaches behind the camera."""
    corners = apply(camera_from_tool, appearance.triangles.reshape(-1, 3))
    if not corners[:, 2].min() > 1e-3:
        return None
    pixels = project(camera, corners)
    low = np.maximum(np.floor(pixels.min(axis=0)).astype(int) - MARGIN_PX, 0)
    high = np.minimum(np.ceil(pixels.max(axis=0)).astype(int) + MARGIN_PX + 1, [camera.width, camera.height])
    if (high - low < 2 * MARGIN_PX).any():
        return None
    size = (int(high[1] - low[1]), int(high[0] - low[0]))
    origin, rays = _rays(camera, camera_from_tool, low, size)
    hit = appearance.rays.run(np.broadcast_to(origin, rays.shape).copy(), rays, output=True)
    mask = hit["primID"] >= 0
    points = np.where(mask[:, None], origin + hit["tfar"][:, None] * rays, 0.0)
    color, normals = np.zeros(rays.shape, np.float32), np.zeros(rays.shape)
    normals[mask] = _towards_camera(appearance, hit["primID"][mask], rays[mask]) @ camera_from_tool[:3, :3].T
    m_per_px = float(np.median(corners[:, 2])) / camera.K[0, 0]
    color[mask] = _color(appearance, hit["primID"][mask], hit["u"][mask], hit["v"][mask], m_per_px)
    shape = (*size, 3)
    return Rendering(
        int(low[0]),
        int(low[1]),
        color.reshape(shape),
        mask.reshape(size),
        points.reshape(shape),
        normals.reshape(shape),
    )


def _towards_camera(appearance: Appearance, triangle: NDArray[np.int64], rays: NDArray[np.float32]) -> Array:
    """(N, 3) unit normals of triangles (N,), tool frame, on the side that rays (N, 3) meet."""
    normals = appearance.normals[triangle]
    away = np.einsum("nc,nc->n", normals, rays) > 0
    return np.where(away[:, None], -normals, normals)


def _rays(
    camera: Camera, camera_from_tool: Array, low: NDArray[np.int64], size: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where the camera is (3,), and the direction through each pixel (h * w, 3), in the tool frame."""
    tool_from_camera = inverse(camera_from_tool)
    tool_from_pixel = (tool_from_camera[:3, :3] @ np.linalg.inv(camera.K)).astype(np.float32)
    columns = np.arange(low[0], low[0] + size[1], dtype=np.float32)
    rows = np.arange(low[1], low[1] + size[0], dtype=np.float32)
    across, down = (
        columns[:, None] * tool_from_pixel[:, 0],
        rows[:, None] * tool_from_pixel[:, 1] + tool_from_pixel[:, 2],
    )
    rays = (down[:, None] + across[None]).reshape(-1, 3)
    return tool_from_camera[:3, 3].astype(np.float32), rays


def _color(
    appearance: Appearance, triangle: NDArray[np.int64], u: Array, v: Array, m_per_px: float
) -> NDArray[np.float32] | float:
    if appearance.paint is None:
        return GRAY
    return appearance.paint.color(triangle, u, v, m_per_px)

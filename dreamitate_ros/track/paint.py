"""The colours of a mesh's surface: from a texture image, or from a colour at each corner of its triangles."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import trimesh
from numpy.typing import NDArray

from dreamitate_ros.values import Array


@dataclass(frozen=True)
class Paint:
    """corners: (M, 3, C) what is interpolated over each triangle: RGB 0..1 (C = 3), or texture u, v (C = 2, v up).

    texture: (H, W, 3) float32 RGB 0..1, None when the corners hold colours. texels_per_m: typical resolution.
    """

    corners: NDArray[np.float32]
    texture: NDArray[np.float32] | None = None
    texels_per_m: float = 0.0

    def color(self, triangle: NDArray[np.int64], u: Array, v: Array, m_per_px: float) -> NDArray[np.float32]:
        """(N, 3) RGB at barycentric u, v (of the second and third corner) of triangles (N,).

        m_per_px: size of an image pixel on the tool: the texture is shrunk to about that, lest it aliases.
        """
        corners = self.corners[triangle]
        at = (1 - u - v)[:, None] * corners[:, 0] + u[:, None] * corners[:, 1] + v[:, None] * corners[:, 2]
        if self.texture is None:
            return np.asarray(at, dtype=np.float32)
        texture = self._shrunk(m_per_px)
        height, width = texture.shape[:2]
        x = (at[:, 0] * width - 0.5).astype(np.float32)[None]
        y = ((1.0 - at[:, 1]) * height - 0.5).astype(np.float32)[None]
        return _remap(texture, x, y)

    @cached_property
    def _textures(self) -> dict[int, NDArray[np.float32]]:
        assert self.texture is not None
        return {0: self.texture}

    def _shrunk(self, m_per_px: float) -> NDArray[np.float32]:
        assert self.texture is not None
        wanted = np.log2(max(1.0, self.texels_per_m * m_per_px / 1.5))
        level = max(0, min(round(float(wanted)), int(np.log2(min(self.texture.shape[:2]))) - 3))
        for step in range(1, level + 1):
            if step not in self._textures:
                self._textures[step] = _half(self._textures[step - 1])
        return self._textures[level]


def textured(texture: NDArray[np.float32], uv: Array, triangles: Array) -> Paint:
    """From a texture image (H, W, 3) and the texture coordinates (M, 3, 2) of the triangles (M, 3, 3), metres."""
    area_m2 = trimesh.triangles.area(triangles)
    flat = np.concatenate([uv * texture.shape[1::-1], np.zeros((*uv.shape[:2], 1))], axis=2)
    density = np.sqrt(trimesh.triangles.area(flat) / area_m2)
    patterned = density > 0.1 * density.max()  # not the triangles that take one flat colour from a texel
    if not patterned.any():
        return plain(_corner_colors(texture, uv))
    texels_per_m = float(np.average(density[patterned], weights=area_m2[patterned]))
    return Paint(uv.astype(np.float32), texture, texels_per_m)


def plain(colors: NDArray[np.float32]) -> Paint:
    """From the colours (M, 3, 3), RGB 0..1, of the triangles' corners."""
    return Paint(colors)


def _corner_colors(texture: NDArray[np.float32], uv: Array) -> NDArray[np.float32]:
    height, width = texture.shape[:2]
    x = np.clip(uv[..., 0] * width, 0, width - 1).astype(int)
    y = np.clip((1 - uv[..., 1]) * height, 0, height - 1).astype(int)
    return texture[y, x]


ROW = 16384  # cv2.remap takes no longer rows than 32767


def _remap(
    texture: NDArray[np.float32], x: NDArray[np.float32], y: NDArray[np.float32]
) -> NDArray[np.float32]:
    parts = [
        cv2.remap(
            texture, x[:, i : i + ROW], y[:, i : i + ROW], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        for i in range(0, x.shape[1], ROW)
    ]
    return np.concatenate(parts, axis=1)[0] if parts else np.zeros((0, 3), np.float32)


def _half(image: NDArray[np.float32]) -> NDArray[np.float32]:
    size = (max(1, image.shape[1] // 2), max(1, image.shape[0] // 2))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.float32)

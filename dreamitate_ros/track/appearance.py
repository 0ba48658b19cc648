"""What a tool looks like: its mesh cut into small triangles, and its texture."""

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import trimesh
from numpy.typing import NDArray
from PIL import Image as PillowImage

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Array

TRIANGLES_ALONG = 6  # triangles this small can be drawn from far to near with little error


@dataclass(frozen=True)
class Appearance:
    """A textured mesh ready to be drawn. Tool frame, metres.

    corners: (N, 3, 3) the small triangles. parent: (N,) which of the M mesh triangles each was cut from.
    planes: (M, 4) unit normal and offset, normal . p = offset.
    uv_from_point: (M, 2, 4) texture coordinates (0..1, v up) of a point (x, y, z, 1) on the triangle.
    texture: (H, W, 3) float32 RGB 0..1. texels_per_m: typical texture resolution on the surface.
    """

    name: str
    corners: Array
    parent: NDArray[np.int64]
    planes: Array
    uv_from_point: Array
    texture: NDArray[np.float32]
    texels_per_m: float

    @cached_property
    def center_m(self) -> Array:
        """(3,) centre of the bounding box."""
        points = self.corners.reshape(-1, 3)
        return np.asarray((points.min(axis=0) + points.max(axis=0)) / 2)

    @cached_property
    def radius_m(self) -> float:
        """Of the sphere about `center_m` that holds the tool."""
        return float(np.linalg.norm(self.corners.reshape(-1, 3) - self.center_m, axis=1).max())

    @cached_property
    def _textures(self) -> dict[int, NDArray[np.float32]]:
        return {0: self.texture}

    def texture_for(self, m_per_px: float) -> NDArray[np.float32]:
        """The texture shrunk by powers of two until a texel is about as large as an image pixel."""
        wanted = np.log2(max(1.0, self.texels_per_m * m_per_px / 1.5))
        level = min(round(float(wanted)), int(np.log2(min(self.texture.shape[:2]))) - 3)
        for step in range(1, level + 1):
            if step not in self._textures:
                self._textures[step] = _half(self._textures[step - 1])
        return self._textures[max(level, 0)]


def appearance_of(tool: Tool) -> Appearance:
    """Prepare a tool for tracking; raises DreamitateError(INVALID_TOOL) when its mesh has no texture."""
    image = _texture_image(tool.mesh)
    uv = getattr(tool.mesh.visual, "uv", None)
    if image is None or uv is None:
        raise DreamitateError(
            ErrorCode.INVALID_TOOL,
            f"the mesh {tool.mesh_path} of tool '{tool.name}' has no texture image; the tracker recognises tools"
            " by their pattern: export the mesh with texture coordinates and its image (OBJ with .mtl, or GLB)",
        )
    texture = np.asarray(image.convert("RGB"), dtype=np.float32) / 255.0
    triangles, uv = np.asarray(tool.mesh.triangles, float), np.asarray(uv, float)[tool.mesh.faces]
    keep = np.linalg.norm(_cross(triangles), axis=1) > 1e-12
    triangles, uv = triangles[keep], uv[keep]
    size_m = float(np.ptp(triangles.reshape(-1, 3), axis=0).max())
    vertices, faces, parent = trimesh.remesh.subdivide_to_size(
        triangles.reshape(-1, 3),
        np.arange(3 * len(triangles)).reshape(-1, 3),
        size_m / TRIANGLES_ALONG,
        20,
        True,
    )
    uv_from_point = _uv_from_point(triangles, uv)
    return Appearance(
        name=tool.name,
        corners=vertices[faces],
        parent=np.asarray(parent),
        planes=_planes(triangles),
        uv_from_point=uv_from_point,
        texture=texture,
        texels_per_m=_texels_per_m(triangles, uv_from_point, texture.shape[1]),
    )


def _texture_image(mesh: trimesh.Trimesh) -> PillowImage.Image | None:
    material = getattr(mesh.visual, "material", None)
    for attribute in ("image", "baseColorTexture"):
        image = getattr(material, attribute, None)
        if isinstance(image, PillowImage.Image):
            return image
    return None


def _cross(triangles: Array) -> Array:
    return np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])


def _planes(triangles: Array) -> Array:
    normals = _cross(triangles)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    offsets = np.einsum("ij,ij->i", normals, triangles[:, 0])
    return np.concatenate([normals, offsets[:, None]], axis=1)


def _uv_from_point(triangles: Array, uv: Array) -> Array:
    """(M, 2, 4): the affine map through three corners that is constant along the normal."""
    normals = _planes(triangles)[:, :3]
    rows = np.concatenate([triangles, triangles[:, :1] + normals[:, None] * 0.01], axis=1)
    rows = np.concatenate([rows, np.ones((len(rows), 4, 1))], axis=2)
    values = np.concatenate([uv, uv[:, :1]], axis=1)
    return np.swapaxes(np.linalg.pinv(rows) @ values, 1, 2)


def _texels_per_m(triangles: Array, uv_from_point: Array, width: int) -> float:
    """Area-weighted typical resolution, over the triangles that are not a single flat colour."""
    area = np.linalg.norm(_cross(triangles), axis=1)
    density = width * np.linalg.norm(uv_from_point[:, :, :3], axis=(1, 2)) / np.sqrt(2)
    textured = density > 0.1 * density.max()
    return float(np.average(density[textured], weights=area[textured]))


def _half(image: NDArray[np.float32]) -> NDArray[np.float32]:
    size = (max(1, image.shape[1] // 2), max(1, image.shape[0] // 2))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.float32)

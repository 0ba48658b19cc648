"""What a tool looks like: its mesh ready for ray casting, and the colour of every point on it, where it has one."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import trimesh
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
from numpy.typing import NDArray
from PIL import Image as PillowImage

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.tool import Symmetry, Tool
from dreamitate_ros.track.paint import Paint, plain, textured
from dreamitate_ros.values import Array

SAMPLES = 4000  # points spread over the surface
ONE_COLOR = 0.2  # standard deviation of the chroma over the surface, below which a tool has but one colour
DARK = 0.1  # brightness, 0..1, added before dividing by it: the dark has no chroma


@dataclass(frozen=True, eq=False)
class Appearance:
    """A mesh ready to be drawn. Tool frame, metres.

    triangles: (M, 3, 3) corners. paint: the colour of the surface, None for a mesh without any.
    symmetry: turns that change nothing that is seen.
    """

    name: str
    triangles: Array
    paint: Paint | None
    symmetry: Symmetry | None
    rays: Any = field(repr=False, compare=False)

    @cached_property
    def center_m(self) -> Array:
        """(3,) centre of the bounding box."""
        points = self.triangles.reshape(-1, 3)
        return np.asarray((points.min(axis=0) + points.max(axis=0)) / 2)

    @cached_property
    def normals(self) -> Array:
        """(M, 3) unit, of the triangles; which side is out does not matter."""
        across = np.diff(self.triangles, axis=1)
        normals = np.cross(across[:, 0], across[:, 1])
        return np.asarray(normals / np.linalg.norm(normals, axis=1, keepdims=True))

    @cached_property
    def radius_m(self) -> float:
        """Of the sphere about `center_m` that holds the tool."""
        return float(np.linalg.norm(self.triangles.reshape(-1, 3) - self.center_m, axis=1).max())

    @cached_property
    def surface(self) -> tuple[Array, NDArray[np.float32] | None]:
        """(S, 3) points spread evenly over the surface, and their colours (S, 3) RGB 0..1, if it has any."""
        mesh = trimesh.Trimesh(
            self.triangles.reshape(-1, 3), np.arange(3 * len(self.triangles)).reshape(-1, 3)
        )
        points, faces = trimesh.sample.sample_surface(mesh, SAMPLES, seed=0)
        if self.paint is None:
            return np.asarray(points), None
        weights = trimesh.triangles.points_to_barycentric(self.triangles[faces], points)
        return np.asarray(points), self.paint.color(np.asarray(faces), weights[:, 1], weights[:, 2], 0.0)

    @cached_property
    def colorful(self) -> bool:
        """Whether parts of the tool differ in colour: where each part is then tells how the tool lies."""
        colors = self.surface[1]
        return colors is not None and float(chroma(colors).std(axis=0).max()) > ONE_COLOR

    @property
    def family(self) -> str:
        """What tells poses apart beside the outline: "textured", "colorful" (parts of several colours), "plain"."""
        return "textured" if self.textured else "colorful" if self.colorful else "plain"

    @property
    def textured(self) -> bool:
        """Whether a pattern on the tool tells place and orientation; else its outline must."""
        return self.paint is not None and self.paint.texture is not None


def chroma(colors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, 3) colours RGB 0..1 by their brightness, less their mean: neither shade nor a tint matter."""
    shares = colors / (colors.mean(axis=1, keepdims=True) + DARK)
    return np.asarray(shares - shares.mean(axis=0), dtype=np.float32)


_prepared: WeakKeyDictionary[Tool, Appearance] = WeakKeyDictionary()


def appearance_of(tool: Tool) -> Appearance:
    """The tool, prepared for tracking once; raises DreamitateError(INVALID_TOOL) when its mesh has no area."""
    if tool not in _prepared:
        _prepared[tool] = _prepare(tool)
    return _prepared[tool]


def _prepare(tool: Tool) -> Appearance:
    triangles = np.asarray(tool.mesh.triangles, float)
    keep = trimesh.triangles.area(triangles) > 1e-12
    if not keep.any():
        raise DreamitateError(
            ErrorCode.INVALID_TOOL,
            f"the mesh {tool.mesh_path} of tool '{tool.name}' has no surface; export it with solid faces",
        )
    triangles = triangles[keep]
    rays = EmbreeScene()
    TriangleMesh(rays, np.ascontiguousarray(triangles, dtype=np.float32))
    return Appearance(tool.name, triangles, _paint(tool.mesh, keep), tool.symmetry, rays)


def _paint(mesh: trimesh.Trimesh, keep: NDArray[np.bool_]) -> Paint | None:
    image, uv = _texture_image(mesh), getattr(mesh.visual, "uv", None)
    if image is not None and uv is not None:
        texture = np.asarray(image.convert("RGB"), dtype=np.float32) / 255.0
        corners = np.asarray(mesh.triangles, float)[keep]
        return textured(texture, np.asarray(uv, float)[mesh.faces][keep], corners)
    if not mesh.visual.defined:
        return None
    visual = mesh.visual.to_color() if hasattr(mesh.visual, "to_color") else mesh.visual
    colors = np.asarray(visual.vertex_colors, float)[:, :3] / 255.0
    return plain(colors[mesh.faces][keep].astype(np.float32))


def _texture_image(mesh: trimesh.Trimesh) -> PillowImage.Image | None:
    material = getattr(mesh.visual, "material", None)
    for attribute in ("image", "baseColorTexture"):
        image = getattr(material, attribute, None)
        if isinstance(image, PillowImage.Image):
            return image
    return None

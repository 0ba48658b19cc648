"""A textured tool's pattern as a PDF, true to size: to cut out and glue on."""

import numpy as np
import trimesh
from matplotlib.figure import Figure

from dreamitate_ros.execute.arm_shapes import texture_of
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Array

INCH_M = 0.0254
MARGIN_M = 0.010  # what printers leave white


def draw_pattern(tool: Tool) -> Figure | None:
    """A page with the whole texture at its size on the tool; None for a tool without texture."""
    coordinates, pixels = texture_of(tool)
    if coordinates is None or pixels is None:
        return None
    height_px, width_px = pixels.shape[:2]
    size_m = np.array([width_px, height_px]) * _m_per_px(tool, coordinates * [width_px, height_px])
    page_m = size_m + 2 * MARGIN_M
    figure = Figure(figsize=tuple(page_m / INCH_M))
    axes = figure.add_axes((MARGIN_M / page_m[0], MARGIN_M / page_m[1], *(size_m / page_m)))
    axes.imshow(pixels, aspect="auto", interpolation="nearest")
    axes.axis("off")
    return figure


def _m_per_px(tool: Tool, corners_px: Array) -> float:
    """From the faces that show more than one colour's spot of the texture."""
    flat_px = np.pad(corners_px[tool.mesh.faces], [(0, 0), (0, 0), (0, 1)])
    drawn_px2 = trimesh.triangles.area(flat_px)
    shown = drawn_px2 > 1.0
    return float(np.sqrt(tool.mesh.area_faces[shown].sum() / drawn_px2[shown].sum()))

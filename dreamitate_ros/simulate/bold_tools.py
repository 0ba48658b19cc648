"""Draws the bold tools: `python -m dreamitate_ros.simulate.bold_tools [DIRECTORY]` writes their meshes.

Each is a plain tool with a block on its handle, of eight cuboids in three colours, no two sides alike: large areas,
which a small video model learns to draw and the tracker finds in small frames. Frames as in plain_tools; metres.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import mujoco
import numpy as np
import trimesh
from PIL import Image

from dreamitate_ros.execute import collision_groups as groups
from dreamitate_ros.simulate.block_tools import BRIGHT_BLUE, ORANGE, PAPER, write_textured
from dreamitate_ros.simulate.plain_tools import PUSHER_BANDS_M, SPOON_BANDS_M, brush, pusher, spoon
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Array

CUBOIDS = np.array(
    [[[ORANGE, PAPER], [PAPER, BRIGHT_BLUE]], [[BRIGHT_BLUE, ORANGE], [ORANGE, BRIGHT_BLUE]]], np.uint8
)
"""(2, 2, 2, 3) RGB: of the low or high half along x, y and z."""

CUBOID_PX, PATCH_PX = 32, 16  # in the texture: a cuboid's side, and the height of the plain parts' colours
SIDES = tuple(product(range(3), (0, 1)))  # axis, low or high


@dataclass(frozen=True)
class Block:
    """middle_m, size_m: along x, y, z of the tool's frame."""

    middle_m: tuple[float, float, float]
    size_m: tuple[float, float, float]


@dataclass(frozen=True)
class Bold:
    """A plain tool, and the block on its handle."""

    plain: Callable[[], trimesh.Trimesh]
    block: Block


TOOLS = {
    "bold_spoon": Bold(lambda: spoon(SPOON_BANDS_M), Block((-0.105, 0.0, 0.018), (0.070, 0.080, 0.052))),
    "bold_brush": Bold(brush, Block((-0.082, 0.0, 0.0), (0.075, 0.095, 0.056))),
    # Beside the rod, away from the arm: the hand above hides what is around it from the top view.
    "bold_pusher": Bold(lambda: pusher(PUSHER_BANDS_M), Block((0.042, 0.010, 0.076), (0.070, 0.080, 0.080))),
}


def build(bold: Bold) -> tuple[trimesh.Trimesh, Array, Image.Image]:
    """The mesh, the texture coordinates (V, 2) of its corners (v upwards), and the texture."""
    plain = bold.plain()
    palette, colour = np.unique(plain.visual.vertex_colors[:, :3], axis=0, return_inverse=True)
    image = _texture(palette)
    corners, faces, px = _block_sides(bold.block)
    patch_px = image.width / len(palette)
    plain_px = np.column_stack(
        [(colour.reshape(-1) + 0.5) * patch_px, np.full(len(colour), image.height - PATCH_PX / 2)]
    )
    mesh = trimesh.Trimesh(
        np.concatenate([plain.vertices, corners]),
        np.concatenate([plain.faces, faces + len(plain.vertices)]),
        process=False,
    )
    all_px = np.concatenate([plain_px, px])
    return mesh, np.column_stack([all_px[:, 0] / image.width, 1 - all_px[:, 1] / image.height]), image


def _texture(palette: Array) -> Image.Image:
    """The block's sides next to each other, and below them the plain parts' colours (N, 3)."""
    sides = [CUBOIDS.take(end, axis) for axis, end in SIDES]
    sheet = np.concatenate([side.repeat(CUBOID_PX, 0).repeat(CUBOID_PX, 1) for side in sides], axis=1)
    patches = Image.fromarray(palette[None].astype(np.uint8)).resize(
        (sheet.shape[1], PATCH_PX), Image.Resampling.NEAREST
    )
    return Image.fromarray(np.concatenate([sheet, np.asarray(patches)]))


def _block_sides(block: Block) -> tuple[Array, Array, Array]:
    """Corners (24, 3), triangles (12, 3) and the corners' places in the texture (24, 2), px: no side shares any."""
    low, high = (np.array(block.middle_m) + sign * np.array(block.size_m) / 2 for sign in (-1, 1))
    corners, faces, px = [], [], []
    for number, (axis, end) in enumerate(SIDES):
        down, across = (other for other in range(3) if other != axis)  # of the side in the texture
        for row, column in ((0, 0), (1, 0), (1, 1), (0, 1)):
            ends = np.zeros(3, int)
            ends[[axis, down, across]] = end, row, column
            corners.append(np.where(ends == 1, high, low))
            px.append(2 * CUBOID_PX * np.array([number + column, row]))
        quad = 4 * number + np.array([[0, 1, 2], [0, 2, 3]])
        faces.append(quad if (end == 1) == (axis != 1) else quad[:, ::-1])
    return np.array(corners), np.concatenate(faces), np.array(px, float)


def shape_block(spec: mujoco.MjSpec, arm: str, tool: Tool) -> None:
    """Make the block of a bold tool solid, on the body ARM_tool; other tools have none."""
    bold = TOOLS.get(tool.mesh_path.parent.name)
    if bold is None:
        return
    spec.body(f"{arm}_tool").add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX, size=np.array(bold.block.size_m) / 2, pos=bold.block.middle_m, mass=0,
        group=groups.COLLISION, contype=groups.ARM_TYPE, conaffinity=groups.ARM_AFFINITY,
    )  # fmt: skip


def main(arguments: list[str]) -> None:
    """Write the tools below the given directory (default: config/tools)."""
    root = Path(arguments[0]) if arguments else Path("config/tools")
    for name, bold in TOOLS.items():
        write_textured(*build(bold), root / name)
        print(root / name / "tool.obj")


if __name__ == "__main__":
    main(sys.argv[1:])

"""Draws the block tools: `python -m dreamitate_ros.simulate.block_tools [DIRECTORY]` writes their meshes.

A tool is a patterned plate on a block. Its frame: origin at the plate's centre on its surface, x along the long
side to the rounded front, z out of the plate. The sides are blue on the left tools, orange on the right ones. The
pattern of a block tool is an irregular mosaic of triangles, which shows a tracker each millimetre; that of a bold one
is four areas, which a small video model learns to draw sooner. Metres.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import trimesh
from PIL import Image, ImageDraw
from scipy.spatial import Delaunay
from trimesh.visual.material import SimpleMaterial
from trimesh.visual.texture import TextureVisuals

from dreamitate_ros.values import Array

LENGTH_M, WIDTH_M, HEIGHT_M = 0.132, 0.086, 0.050
PLATE_M = 0.004  # thickness of the plate
OVERHANG_M = 0.003  # of the plate over the block
FRONT_RADIUS_M = 0.036
MARGIN_M = 0.005  # white border around a mosaic
QUARTERS_MEET_M = (0.008, 0.005)  # x, y

PX_PER_M = 6000
PATCH_PX = 64  # height of each plain colour's strip below the plate in the texture
INK, PAPER = (22, 22, 26), (246, 246, 242)


Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Design:
    """pattern: the seed of a mosaic, or the colours of a bold plate (see quarters()). edge, block: of the plate's
    rim and of the block below it. Colours are RGB.
    """

    pattern: int | tuple[Colour, Colour, Colour, Colour]
    edge: Colour
    block: Colour


BLUE, DARK_BLUE = (30, 100, 225), (24, 66, 150)
ORANGE, DARK_ORANGE = (245, 130, 20), (178, 84, 14)
BRIGHT_BLUE = (40, 110, 250)
DESIGNS = {
    "block_left": Design(11, BLUE, DARK_BLUE),
    "block_right": Design(29, ORANGE, DARK_ORANGE),
    "bold_left": Design((PAPER, BRIGHT_BLUE, BRIGHT_BLUE, ORANGE), BLUE, DARK_BLUE),
    "bold_right": Design((PAPER, ORANGE, ORANGE, BRIGHT_BLUE), ORANGE, DARK_ORANGE),
}


def outline(inset_m: float = 0.0) -> Array:
    """(N, 2) counter-clockwise corners of the plate in x, y: square at the back, rounded at the front."""
    x, y, radius = LENGTH_M / 2 - inset_m, WIDTH_M / 2 - inset_m, FRONT_RADIUS_M - inset_m
    angles = np.linspace(0, np.pi / 2, 9)
    corner = radius * np.column_stack([np.cos(angles), np.sin(angles)])
    upper = corner + [x - radius, y - radius]
    lower = (corner * [1, -1])[::-1] + [x - radius, radius - y]
    return np.concatenate([[[-x, -y]], lower, upper, [[-x, y]]])


def areas(design: Design) -> list[tuple[Array, Colour]]:
    """The plate's pattern on its paper: polygons, (N, 2) in x, y, and what colour they have."""
    if isinstance(design.pattern, int):
        return [(triangle, INK) for triangle in mosaic(design.pattern)]
    return list(zip(quarters(), design.pattern, strict=True))


def quarters() -> list[Array]:
    """Four rectangles that meet away from the plate's centre: front left, front right, back left, back right."""
    x, y = LENGTH_M / 2, WIDTH_M / 2
    middle = np.array(QUARTERS_MEET_M)
    corners = [np.array([end_x, end_y]) for end_x in (x, -x) for end_y in (y, -y)]
    return [np.array([middle, [end[0], middle[1]], end, [middle[0], end[1]]]) for end in corners]


def mosaic(seed: int) -> list[Array]:
    """The dark triangles, each (3, 2) in x, y: of an irregular triangulation, no large area all dark or white."""
    random = np.random.default_rng(seed)
    inside = outline(MARGIN_M)
    columns, rows = 6, 4
    x, y = LENGTH_M / 2 - MARGIN_M, WIDTH_M / 2 - MARGIN_M
    grid = np.stack(
        np.meshgrid(np.linspace(-x, x, columns), np.linspace(-y, y, rows), indexing="ij"), axis=-1
    )
    step = np.array([2 * x / (columns - 1), 2 * y / (rows - 1)])
    shift = random.uniform(-0.34, 0.34, grid.shape) * step
    shift[[0, -1], :, 0] = 0
    shift[:, [0, -1], 1] = 0
    points = _pull_inside((grid + shift).reshape(-1, 2), inside)
    triangulation = Delaunay(points)
    dark = _two_colours(triangulation, random)
    return [points[corners] for corners in triangulation.simplices[dark]]


def _pull_inside(points: Array, inside: Array) -> Array:
    """Corners cut off by the rounded front move onto it."""
    centre_x = LENGTH_M / 2 - FRONT_RADIUS_M
    centre = np.column_stack(
        [
            np.full(len(points), centre_x),
            np.sign(points[:, 1]) * (WIDTH_M / 2 - FRONT_RADIUS_M),
        ]
    )
    offset = points - centre
    distance = np.linalg.norm(offset, axis=1)
    outside = (offset[:, 0] > 0) & (offset[:, 1] * np.sign(points[:, 1]) > 0)
    outside &= distance > FRONT_RADIUS_M - MARGIN_M
    pulled = centre + offset * ((FRONT_RADIUS_M - MARGIN_M) / np.maximum(distance, 1e-9))[:, None]
    return np.where(outside[:, None], pulled, points)


def _two_colours(triangulation: Delaunay, random: np.random.Generator) -> np.ndarray:
    """(T,) bool, as many neighbours as possible of different colours, found by flipping from a random start."""
    neighbours = triangulation.neighbors
    dark = random.random(len(neighbours)) < 0.5
    for _ in range(40):
        index = int(random.integers(len(neighbours)))
        near = neighbours[index][neighbours[index] >= 0]
        if (dark[near] == dark[index]).sum() > 0.5 * len(near):
            dark[index] = ~dark[index]
    return dark


def texture(design: Design) -> Image.Image:
    """The plate seen from above, x to the right and y up, and below it a strip of each plain colour."""
    width, height = round(LENGTH_M * PX_PER_M), round(WIDTH_M * PX_PER_M)
    image = Image.new("RGB", (4 * width, 4 * height), PAPER)
    draw = ImageDraw.Draw(image)
    for polygon, colour in areas(design):
        draw.polygon([(4 * u, 4 * v) for u, v in _plate_px(polygon)], fill=colour)
    plate = image.resize((width, height), Image.Resampling.LANCZOS)
    sheet = Image.new("RGB", (width, height + 2 * PATCH_PX), design.edge)
    sheet.paste(plate, (0, 0))
    sheet.paste(design.block, (0, height + PATCH_PX, width, height + 2 * PATCH_PX))
    return sheet


def _plate_px(points: Array) -> Array:
    """Points x, y of the plate in px of the texture, from its upper left corner."""
    return np.column_stack(
        [(points[:, 0] + LENGTH_M / 2) * PX_PER_M, (WIDTH_M / 2 - points[:, 1]) * PX_PER_M]
    )


def build(design: Design) -> trimesh.Trimesh:
    """The textured mesh: plate surface, plate rim, underside, block; faces share no vertex across an edge."""
    image = texture(design)
    plate, block = outline(), outline(OVERHANG_M)
    parts = [
        (*_cap(plate, 0.0, up=True), None),
        (*_wall(plate, 0.0, -PLATE_M), "edge"),
        (*_cap(plate, -PLATE_M, up=False), "edge"),
        (*_wall(block, -PLATE_M, -HEIGHT_M), "block"),
        (*_cap(block, -HEIGHT_M, up=False), "block"),
    ]
    vertices, faces, uv, start = [], [], [], 0
    for corners, triangles, colour in parts:
        vertices.append(corners)
        faces.append(triangles + start)
        uv.append(_texture_coordinates(corners, colour, image.size))
        start += len(corners)
    return trimesh.Trimesh(
        np.concatenate(vertices),
        np.concatenate(faces),
        process=False,
        visual=TextureVisuals(
            uv=np.concatenate(uv), material=SimpleMaterial(image=image, diffuse=[255, 255, 255, 255])
        ),
    )


def _texture_coordinates(corners: Array, colour: str | None, size: tuple[int, int]) -> Array:
    """(N, 2) OBJ coordinates (v upwards): the plate's pattern, or the middle of a plain colour's strip."""
    if colour is None:
        px = _plate_px(corners[:, :2])
    else:
        strip = {"edge": 0.5, "block": 1.5}[colour] * PATCH_PX
        px = np.tile([size[0] / 2, WIDTH_M * PX_PER_M + strip], (len(corners), 1))
    return np.column_stack([px[:, 0] / size[0], 1 - px[:, 1] / size[1]])


def _cap(polygon: Array, z: float, up: bool) -> tuple[Array, np.ndarray]:
    """A flat convex polygon as a fan."""
    corners = np.column_stack([polygon, np.full(len(polygon), z)])
    fan = np.array([[0, i, i + 1] for i in range(1, len(polygon) - 1)])
    return corners, fan if up else fan[:, ::-1]


def _wall(polygon: Array, top: float, bottom: float) -> tuple[Array, np.ndarray]:
    """The faces between a polygon at two heights, each with vertices of its own."""
    following = np.roll(polygon, -1, axis=0)
    corners = np.stack(
        [
            np.column_stack([polygon, np.full(len(polygon), top)]),
            np.column_stack([polygon, np.full(len(polygon), bottom)]),
            np.column_stack([following, np.full(len(polygon), bottom)]),
            np.column_stack([following, np.full(len(polygon), top)]),
        ],
        axis=1,
    ).reshape(-1, 3)
    first = 4 * np.arange(len(polygon))[:, None]
    return corners, np.concatenate([first + [0, 1, 2], first + [0, 2, 3]])


def write(design: Design, directory: Path) -> None:
    """tool.obj, tool.mtl and tool.png in `directory`."""
    mesh = build(design)
    write_textured(mesh, mesh.visual.uv, texture(design), directory)


def write_textured(mesh: trimesh.Trimesh, uv: Array, image: Image.Image, directory: Path) -> None:
    """tool.obj, tool.mtl and tool.png; uv: (V, 2) of the mesh's corners."""
    directory.mkdir(parents=True, exist_ok=True)
    image.save(directory / "tool.png", optimize=True)
    lines = ["mtllib tool.mtl", "usemtl tool"]
    lines += [f"v {x:.6f} {y:.6f} {z:.6f}".replace("-0.000000", "0.000000") for x, y, z in mesh.vertices]
    lines += [f"vt {u:.6f} {v:.6f}" for u, v in uv]
    lines += ["f " + " ".join(f"{i}/{i}" for i in face + 1) for face in mesh.faces]
    (directory / "tool.obj").write_text("\n".join(lines) + "\n")
    (directory / "tool.mtl").write_text("newmtl tool\nKa 1 1 1\nKd 1 1 1\nmap_Kd tool.png\n")


def main(arguments: list[str]) -> None:
    """Write the tools below the given directory (default: config/tools)."""
    root = Path(arguments[0]) if arguments else Path("config/tools")
    for name, design in DESIGNS.items():
        write(design, root / name)
        print(root / name / "tool.obj")


if __name__ == "__main__":
    main(sys.argv[1:])

"""Draws the plain tools: `python -m dreamitate_ros.simulate.plain_tools [DIRECTORY]` writes their meshes.

Each is of one or two plain colours, without a pattern; two of them also with bands around the handle, by which the
tracker tells how they lie where a hand and grains cover half of them. Their frames, in metres:

- spoon, banded_spoon: origin at the bowl's centre on the plane of its rim, x from the handle to the bowl, z out of the
  bowl.
- brush: origin at the middle of the line that the bristles' tips end on, x along the handle to the tips, y along
  that line. Half a turn about x leaves it as it is.
- pusher, banded_pusher: origin at the centre of the foot's underside, z up along the rod. Any turn about z leaves it
  as it is.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import trimesh
from numpy.typing import NDArray

from dreamitate_ros.values import Array

SEGMENTS = 48  # of everything round
STEP_M = 0.030  # longest triangle along a handle

BOWL_OUTSIDE_M = np.array([0.038, 0.032, 0.020])  # half length, half width, depth
WALL_M = 0.002
FLAT_RAD = 0.12  # how far the bowl's flat bottom reaches up its round side
SPOON_LENGTH_M = 0.260
SPOON_HANDLE_M = (0.018, 0.008)  # width, height: its upper side is level with the rim

HANDLE_M = np.array([0.130, 0.026, 0.016])  # the brush's parts: along x, y, z
HEAD_M = np.array([0.014, 0.100, 0.026])
BRISTLES_M = np.array([0.030, 0.096, 0.018])

FOOT_M = (0.022, 0.030)  # radius, height
ROD_M = (0.009, 0.170)

Colour = tuple[float, float, float]

TEAL, RED, CREAM, ORANGE = (0.05, 0.55, 0.55), (0.75, 0.12, 0.10), (0.85, 0.80, 0.62), (0.95, 0.45, 0.05)
MAGENTA = (0.85, 0.10, 0.55)
SPOON_BANDS_M = (-0.150, -0.120, -0.090, -0.060)  # where one colour ends and the other begins, along x
PUSHER_BANDS_M = (0.030, 0.055, 0.080, 0.105)  # along z
FADE_M = 0.0002  # from one colour to the other

Bands = tuple[float, ...]
"""Where the colour changes, along the handle; the working end is magenta, as every other band."""


def spoon(bands_m: Bands = ()) -> trimesh.Trimesh:
    """A shallow round bowl with a wall, its hollow upwards, and a straight handle."""
    angles = np.linspace(FLAT_RAD, np.pi / 2, 7)
    outside = [_ellipse(BOWL_OUTSIDE_M, angle) for angle in angles]
    inside = [_ellipse(BOWL_OUTSIDE_M - WALL_M, angle) for angle in angles[::-1]]
    width, height = SPOON_HANDLE_M
    low, high = np.array([-width / 2, -height]), np.array([width / 2, 0.0])
    end = BOWL_OUTSIDE_M[0] - SPOON_LENGTH_M
    handle = [_rectangle(x, low, high) for x in _with_bands(_steps(end, -0.0362), bands_m)]
    handle[-1][2:, 0] = -0.033  # its corners and middle end inside the bowl's wall, which leans
    solid = _closed(handle, TEAL)
    solid.vertices[-1, 0] = -0.036
    return _banded(trimesh.util.concatenate([_closed([*outside, *inside], TEAL), solid]), 0, bands_m)


def brush() -> trimesh.Trimesh:
    """Bristles, a head across and a handle, one before the other along x."""
    parts, front = [], 0.0
    for size, colour in ((BRISTLES_M, CREAM), (HEAD_M, RED), (HANDLE_M, RED)):
        rings = [_rectangle(x, -size[1:] / 2, size[1:] / 2) for x in _steps(front - size[0], front)]
        parts.append(_closed(rings, colour))
        front -= size[0]
    return trimesh.util.concatenate(parts)


def pusher(bands_m: Bands = ()) -> trimesh.Trimesh:
    """A round foot with a round rod on it."""
    (foot, height), (rod, length) = FOOT_M, ROD_M
    profile = [(foot, z) for z in np.linspace(0, height, 4)]
    profile += [(rod, z) for z in _with_bands(_steps(height, height + length), bands_m)]
    return _banded(_closed([_circle(radius, radius, z) for radius, z in profile], ORANGE), 2, bands_m)


TOOLS: dict[str, Callable[[], trimesh.Trimesh]] = {
    "spoon": spoon,
    "brush": brush,
    "pusher": pusher,
    "banded_spoon": lambda: spoon(SPOON_BANDS_M),
    "banded_pusher": lambda: pusher(PUSHER_BANDS_M),
}


def _with_bands(places_m: Array, bands_m: Bands) -> Array:
    """The places of a handle's rings, with one on either side of every band's end."""
    ends = np.array([[end - FADE_M / 2, end + FADE_M / 2] for end in bands_m]).reshape(-1)
    return np.unique(np.concatenate([places_m[[0]], ends, places_m[1:]]))


def _banded(mesh: trimesh.Trimesh, axis: int, bands_m: Bands) -> trimesh.Trimesh:
    """With a new colour after every end of a band along an axis; without bands as it is."""
    if bands_m:
        band = np.searchsorted(bands_m, mesh.vertices[:, axis]) % 2
        mesh.visual.vertex_colors = _rgba(np.array([MAGENTA, TEAL])[band])
    return mesh


def _steps(first: float, last: float) -> Array:
    return np.linspace(first, last, int(np.ceil((last - first) / STEP_M - 1e-9)) + 1)


def _ellipse(half_sizes_m: Array, angle: float) -> Array:
    x, y, depth = half_sizes_m
    return _circle(x * np.sin(angle), y * np.sin(angle), -depth * np.cos(angle) / np.cos(FLAT_RAD))


def _circle(x: float, y: float, z: float) -> Array:
    """(SEGMENTS, 3) counter-clockwise about z."""
    turn = np.linspace(0, 2 * np.pi, SEGMENTS, endpoint=False)
    return np.column_stack([x * np.cos(turn), y * np.sin(turn), np.full(SEGMENTS, z)])


def _rectangle(x: float, low: Array, high: Array) -> Array:
    """(4, 3) counter-clockwise about x, the two upper corners first; low, high: (2,) of y and z."""
    return np.array(
        [[x, high[0], high[1]], [x, low[0], high[1]], [x, low[0], low[1]], [x, high[0], low[1]]], float
    )


def _closed(rings: list[Array], colour: Colour) -> trimesh.Trimesh:
    """The solid between rings of (N, 3) points that follow each other, each end closed by a fan."""
    count, corners = len(rings), len(rings[0])
    here = np.arange((count - 1) * corners)
    beside = here - here % corners + (here + 1) % corners
    first, last = np.arange(corners), np.arange(corners) + (count - 1) * corners
    centres = [np.full(corners, count * corners), np.full(corners, count * corners + 1)]
    faces = [
        np.column_stack([here, beside, beside + corners]),
        np.column_stack([here, beside + corners, here + corners]),
        np.column_stack([centres[0], np.roll(first, -1), first]),
        np.column_stack([centres[1], last, np.roll(last, -1)]),
    ]
    vertices = np.concatenate([*rings, [rings[0].mean(axis=0)], [rings[-1].mean(axis=0)]])
    colours = _rgba(np.tile(colour, (len(vertices), 1)))
    return trimesh.Trimesh(vertices, np.concatenate(faces), vertex_colors=colours, process=False)


def _rgba(colours: Array) -> NDArray[np.uint8]:
    """(N, 4) of colours (N, 3) 0..1."""
    return np.column_stack([np.round(255 * colours), np.full(len(colours), 255)]).astype(np.uint8)


def write(mesh: trimesh.Trimesh, path: Path) -> None:
    """The mesh with its vertex colours as a PLY text file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["ply", "format ascii 1.0", f"element vertex {len(mesh.vertices)}"]
    lines += [f"property float {axis}" for axis in "xyz"]
    lines += [f"property uchar {channel}" for channel in ("red", "green", "blue")]
    lines += [f"element face {len(mesh.faces)}", "property list uchar int vertex_indices", "end_header"]
    for (x, y, z), (red, green, blue, _) in zip(mesh.vertices, mesh.visual.vertex_colors, strict=True):
        lines.append(f"{x:.6f} {y:.6f} {z:.6f} {red} {green} {blue}".replace("-0.000000", "0.000000"))
    lines += [f"3 {a} {b} {c}" for a, b, c in mesh.faces]
    path.write_text("\n".join(lines) + "\n")


def main(arguments: list[str]) -> None:
    """Write the tools below the given directory (default: config/tools)."""
    root = Path(arguments[0]) if arguments else Path("config/tools")
    for name, draw in TOOLS.items():
        path = root / name / "tool.ply"
        write(draw(), path)
        print(path)


if __name__ == "__main__":
    main(sys.argv[1:])

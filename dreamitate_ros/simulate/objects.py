"""The object to turn: a prism or a compound of prisms whose shape, size, mass, friction and colour a seed picks."""

import colorsys
from dataclasses import dataclass

import mujoco
import numpy as np

from dreamitate_ros.execute import collision_groups as groups
from dreamitate_ros.geometry import transform
from dreamitate_ros.values import Array

BODY = "object"
KINDS = ("box", "ellipse", "stadium", "wedge", "L", "T", "U", "cross", "star")


@dataclass(frozen=True)
class ObjectShape:
    """A prism standing on the table, its frame at the centre of the footprint's mass, on the underside.

    parts: convex footprints, each (N, 2) counter-clockwise, metres. rgba: one colour per part.
    """

    kind: str
    parts: tuple[Array, ...]
    height_m: float
    mass_kg: float
    friction: float
    rgba: tuple[tuple[float, float, float, float], ...]

    @property
    def radius_m(self) -> float:
        """Of the circle around the frame's origin that holds the footprint."""
        return float(max(np.linalg.norm(part, axis=1).max() for part in self.parts))


def random_object(seed: int) -> tuple[ObjectShape, Array]:
    """The object of a seed and where it lies: world_from_object (4, 4)."""
    random = np.random.default_rng([seed, 1])
    kind = KINDS[int(random.integers(len(KINDS)))]
    length, aspect = random.uniform(0.13, 0.21), random.uniform(0.38, 0.68)
    parts = _centred(_footprint(kind, length, length * aspect, random))
    shape = ObjectShape(
        kind=kind,
        parts=parts,
        height_m=float(random.uniform(0.032, 0.065)),
        mass_kg=float(random.uniform(0.12, 0.5)),
        friction=float(random.uniform(0.35, 0.7)),
        rgba=_colours(len(parts), random),
    )
    yaw = random.uniform(-np.pi, np.pi)
    position = np.array([random.uniform(-0.03, 0.03), random.uniform(-0.01, 0.04), 0.0])
    return shape, transform(about_z(yaw), position)


def about_z(angle_rad: float) -> Array:
    """(3, 3) rotation by angle_rad about z."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def add_object(spec: mujoco.MjSpec, shape: ObjectShape, world_from_object: Array) -> mujoco.MjsBody:
    """Put the object on the table as a free body named "object"."""
    quaternion = np.empty(4)
    mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(world_from_object[:3, :3]).reshape(9))
    body = spec.worldbody.add_body(name=BODY, pos=world_from_object[:3, 3], quat=quaternion)
    body.add_freejoint(name=BODY)
    areas = np.array([_area(part) for part in shape.parts])
    masses = shape.mass_kg * areas / areas.sum()
    for index, (part, mass, rgba) in enumerate(zip(shape.parts, masses, shape.rgba, strict=True)):
        mesh = spec.add_mesh(name=f"{BODY}_{index}")
        mesh.uservert, mesh.userface = _prism(part, shape.height_m)
        body.add_geom(
            name=f"{BODY}_{index}", type=mujoco.mjtGeom.mjGEOM_MESH, meshname=mesh.name, mass=mass,
            rgba=list(rgba), friction=[shape.friction, 0.005, 0.0001], group=groups.VISIBLE,
            contype=groups.WORLD_TYPE, conaffinity=groups.WORLD_TYPE,
        )  # fmt: skip
    return body


def _footprint(kind: str, length: float, width: float, random: np.random.Generator) -> list[Array]:
    bar = width * random.uniform(0.48, 0.62)  # thickness of a compound's bars
    if kind == "box":
        return [_rectangle(0, 0, length, width)]
    if kind == "ellipse":
        return [_arc(0, 0, length / 2, width / 2, 0, 2 * np.pi)]
    if kind == "stadium":
        half = (length - width) / 2
        right = _arc(half, 0, width / 2, width / 2, -np.pi / 2, np.pi / 2)
        return [np.concatenate([right, -right])]
    if kind == "wedge":
        narrow = width * random.uniform(0.4, 0.7)
        x = length / 2
        return [np.array([[-x, -width / 2], [x, -narrow / 2], [x, narrow / 2], [-x, width / 2]])]
    long_bar = _rectangle(0, -(width - bar) / 2, length, bar)
    upright = width - bar
    if kind == "L":
        return [long_bar, _rectangle(-(length - bar) / 2, bar / 2, bar, upright)]
    if kind == "T":
        return [long_bar, _rectangle(0, bar / 2, bar * 1.2, upright)]
    if kind == "U":
        ends = [_rectangle(side * (length - bar) / 2, bar / 2, bar, upright) for side in (-1, 1)]
        return [long_bar, *ends]
    if kind == "cross":
        stub = (width - bar) / 2
        stubs = [_rectangle(0, side * (bar + stub) / 2, bar * 1.3, stub) for side in (-1, 1)]
        return [_rectangle(0, 0, length, bar), *stubs]
    return _star(length, width, points=int(random.integers(5, 8)))


def _star(length: float, width: float, points: int) -> list[Array]:
    """A stretched star: a convex core and one triangle a point."""
    angles = 2 * np.pi * np.arange(2 * points) / (2 * points)
    reach = np.where(np.arange(2 * points) % 2 == 0, 0.5, 0.27)
    corners = np.column_stack([reach * length * np.cos(angles), reach * width * np.sin(angles)])
    tips = [corners[[i - 1, i, (i + 1) % len(corners)]] for i in range(0, 2 * points, 2)]
    return [corners[1::2], *tips]


def _rectangle(x: float, y: float, length: float, width: float) -> Array:
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2
    return corners * [length, width] + np.array([x, y])


def _arc(x: float, y: float, a: float, b: float, start: float, end: float) -> Array:
    closed = end - start > 1.9 * np.pi
    angles = np.linspace(start, end, 32 if closed else 13, endpoint=not closed)
    return np.column_stack([x + a * np.cos(angles), y + b * np.sin(angles)])


def _area(polygon: Array) -> float:
    following = np.roll(polygon, -1, axis=0)
    return float(0.5 * (polygon[:, 0] * following[:, 1] - polygon[:, 1] * following[:, 0]).sum())


def _centred(parts: list[Array]) -> tuple[Array, ...]:
    areas = np.array([_area(part) for part in parts])
    centre = sum(area * part.mean(axis=0) for area, part in zip(areas, parts, strict=True)) / areas.sum()
    return tuple(part - centre for part in parts)


def _prism(polygon: Array, height_m: float) -> tuple[Array, np.ndarray]:
    """Vertices and triangles, flattened, of a convex polygon extruded upwards from z = 0."""
    n = len(polygon)
    vertices = np.concatenate(
        [
            np.column_stack([polygon, np.zeros(n)]),
            np.column_stack([polygon, np.full(n, height_m)]),
        ]
    )
    following = [(i + 1) % n for i in range(n)]
    walls = [(i, j, j + n) for i, j in enumerate(following)]
    walls += [(i, j + n, i + n) for i, j in enumerate(following)]
    bottom = [(0, i + 1, i) for i in range(1, n - 1)]
    top = [(n, n + i, n + i + 1) for i in range(1, n - 1)]
    return vertices.ravel(), np.array(walls + bottom + top).ravel()


def _colours(count: int, random: np.random.Generator) -> tuple[tuple[float, float, float, float], ...]:
    """Bright enough to stand out from the table; the parts of one object differ a little."""
    hue, saturation, value = random.random(), random.uniform(0.05, 0.75), random.uniform(0.55, 0.95)
    shades = value * random.uniform(0.9, 1.0, count)
    return tuple((*colorsys.hsv_to_rgb(hue, saturation, shade), 1.0) for shade in shades)

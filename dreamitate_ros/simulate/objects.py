"""The object to turn: shape, size, mass, friction, colour and texture as a seed picks them, of its split's families."""

import colorsys
from dataclasses import dataclass

import mujoco
import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial import ConvexHull

from dreamitate_ros.execute import collision_groups as groups
from dreamitate_ros.geometry import transform
from dreamitate_ros.simulate.seeds import Split, split_of
from dreamitate_ros.values import Array, Image

BODY = "object"
KINDS = {
    Split.TRAINING: ("box", "ellipse", "stadium", "wedge", "L", "T", "U", "stone", "tub"),
    Split.EVALUATION: ("cross", "star", "Z", "hexagon", "arrow", "dome"),
}
"""Families of shapes: none is in both splits."""

PROFILES = {
    "tub": ((0.0, 1.0), (1.0, 0.78)),
    "dome": ((0.0, 1.0), (0.45, 0.97), (0.75, 0.86), (0.92, 0.68), (1.0, 0.5)),
}
"""How the footprint shrinks towards the top: share of the height, share of the size; the others are prisms."""

TEXTURE_M = 0.12  # side of the texture's square
MOST_EDGES = 14  # of a footprint; with more corners it is a curve
PATTERNS = ("plain", "stripes", "dots", "speckles")


@dataclass(frozen=True)
class ObjectShape:
    """A body standing on the table, its frame at the centre of the footprint's mass, on the underside.

    parts: convex footprints, each (N, 2) counter-clockwise, metres. profile: (share of the height, share of the
    footprint's size) upwards. rgba: one colour per part. texture: (H, W, 3) uint8, which the colours tint.
    """

    kind: str
    parts: tuple[Array, ...]
    profile: tuple[tuple[float, float], ...]
    height_m: float
    mass_kg: float
    friction: float
    rgba: tuple[tuple[float, float, float, float], ...]
    texture: Image

    @property
    def radius_m(self) -> float:
        """Of the circle around the frame's origin that holds the footprint."""
        return float(max(np.linalg.norm(part, axis=1).max() for part in self.parts))


def random_object(seed: int) -> tuple[ObjectShape, Array]:
    """The object of a seed, of its split's families, and where it lies: world_from_object (4, 4)."""
    random = np.random.default_rng([seed, 1])
    kinds = KINDS[split_of(seed)]
    kind = kinds[int(random.integers(len(kinds)))]
    length, aspect = random.uniform(0.13, 0.21), random.uniform(0.38, 0.68)
    parts = _centred(_footprint(kind, length, length * aspect, random))
    shape = ObjectShape(
        kind=kind,
        parts=parts,
        profile=PROFILES.get(kind, ((0.0, 1.0), (1.0, 1.0))),
        height_m=float(random.uniform(0.032, 0.065)),
        mass_kg=float(random.uniform(0.12, 0.5)),
        friction=float(random.uniform(0.35, 0.7)),
        rgba=_colours(len(parts), random),
        texture=_texture(random),
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
    texture = spec.add_texture(
        name=BODY, type=mujoco.mjtTexture.mjTEXTURE_2D, width=shape.texture.shape[1],
        height=shape.texture.shape[0], nchannel=3,
    )  # fmt: skip
    texture.data = shape.texture.tobytes()
    areas = np.array([_area(part) for part in shape.parts])
    masses = shape.mass_kg * areas / areas.sum()
    for index, (part, mass, rgba) in enumerate(zip(shape.parts, masses, shape.rgba, strict=True)):
        mesh = spec.add_mesh(name=f"{BODY}_{index}")
        corners, faces = _loft(part, shape.height_m, shape.profile)
        if len(part) <= MOST_EDGES:  # shown as edges: each face has corners of its own, and so its own shade
            corners, faces = corners[faces], np.arange(len(faces))
        mesh.uservert, mesh.userface = corners.ravel(), faces
        mesh.usertexcoord = _texture_coordinates(corners).ravel()
        material = spec.add_material(name=mesh.name, rgba=list(rgba), specular=0.2, shininess=0.3)
        material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = BODY
        body.add_geom(
            name=f"{BODY}_{index}", type=mujoco.mjtGeom.mjGEOM_MESH, meshname=mesh.name, mass=mass,
            material=mesh.name, friction=[shape.friction, 0.005, 0.0001], group=groups.VISIBLE,
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
    if kind == "stone":
        return [_stone(length, width, random)]
    if kind == "tub":
        return [_arc(0, 0, length / 2, width / 2, 0, 2 * np.pi)]
    if kind == "dome":
        return [_rounded(length, width)]
    if kind == "hexagon":
        angles = np.pi / 3 * np.arange(6)
        return [np.column_stack([length / 2 * np.cos(angles), width / 2 * np.sin(angles)])]
    if kind == "Z":
        x = (length - bar) / 2
        ends = [_rectangle(side * x, side * (bar + upright) / 2, bar, upright) for side in (-1, 1)]
        return [_rectangle(0, 0, length, bar), *ends]
    if kind == "arrow":
        head = np.array([[0.05 * length, -width / 2], [length / 2, 0.0], [0.05 * length, width / 2]])
        return [head, _rectangle(-0.225 * length, 0, 0.55 * length, bar)]
    return _star(length, width, points=int(random.integers(5, 8)))


def _stone(length: float, width: float, random: np.random.Generator) -> Array:
    """A convex polygon of seven to ten corners."""
    angles = np.sort(random.uniform(0, 2 * np.pi, 24))
    points = np.column_stack([length / 2 * np.cos(angles), width / 2 * np.sin(angles)])
    points *= random.uniform(0.75, 1.0, (24, 1))
    return points[ConvexHull(points).vertices]


def _rounded(length: float, width: float) -> Array:
    """A superellipse between an ellipse and a rectangle."""
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    c, s = np.cos(angles), np.sin(angles)
    return np.column_stack(
        [length / 2 * np.sign(c) * np.sqrt(np.abs(c)), width / 2 * np.sign(s) * np.sqrt(np.abs(s))]
    )


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


def _loft(
    polygon: Array, height_m: float, profile: tuple[tuple[float, float], ...]
) -> tuple[Array, np.ndarray]:
    """(V, 3) vertices and flat triangles of a convex polygon raised from z = 0, scaled as the profile says."""
    n = len(polygon)
    vertices = np.concatenate(
        [np.column_stack([polygon * scale, np.full(n, share * height_m)]) for share, scale in profile]
    )
    following = [(i + 1) % n for i in range(n)]
    walls = [
        (level + corner[0], level + corner[1], level + corner[2])
        for level in range(0, n * (len(profile) - 1), n)
        for i, j in enumerate(following)
        for corner in ((i, j, j + n), (i, j + n, i + n))
    ]
    last = n * (len(profile) - 1)
    bottom = [(0, i + 1, i) for i in range(1, n - 1)]
    top = [(last, last + i, last + i + 1) for i in range(1, n - 1)]
    return vertices, np.array(walls + bottom + top).ravel()


def _texture_coordinates(corners: Array) -> Array:
    """(V, 2) seen from above, and running on down the walls."""
    return (corners[:, :2] + 0.6 * corners[:, 2:]) / TEXTURE_M


def _texture(random: np.random.Generator) -> Image:
    """(128, 128, 3) uint8 grey to white, in one of PATTERNS."""
    pattern, size = PATTERNS[int(random.integers(len(PATTERNS)))], 128
    dark = random.uniform(0.45, 0.85)
    x, y = np.meshgrid(np.arange(size), np.arange(size))
    cells = int(random.integers(3, 9))
    shade = np.ones((size, size))
    if pattern == "stripes":
        shade = np.where((x * cells * 2 // size) % 2 == 0, 1.0, dark)
    if pattern == "dots":
        u, v = (x * cells / size) % 1 - 0.5, (y * cells / size) % 1 - 0.5
        shade = np.where(u**2 + v**2 < random.uniform(0.05, 0.12), dark, 1.0)
    if pattern == "speckles":
        noise = gaussian_filter(random.standard_normal((size, size)), random.uniform(1.0, 4.0), mode="wrap")
        shade = np.clip(0.5 * (1 + dark) + 0.5 * (1 - dark) * noise / (noise.std() * 1.5), 0.3, 1.0)
    return np.repeat((255 * shade)[..., None], 3, axis=2).astype(np.uint8)


def _colours(count: int, random: np.random.Generator) -> tuple[tuple[float, float, float, float], ...]:
    """Bright enough to stand out from the table; the parts of one object differ a little."""
    hue, saturation, value = random.random(), random.uniform(0.05, 0.75), random.uniform(0.55, 0.95)
    shades = value * random.uniform(0.9, 1.0, count)
    return tuple((*colorsys.hsv_to_rgb(hue, saturation, shade), 1.0) for shade in shades)

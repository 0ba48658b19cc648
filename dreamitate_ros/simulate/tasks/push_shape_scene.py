"""The scene of `push_shape`: a flat shape on the table, and its silhouette where it is to be pushed."""

import colorsys
from dataclasses import dataclass
from functools import lru_cache

import mujoco
import numpy as np

from dreamitate_ros.execute import collision_groups as groups
from dreamitate_ros.simulate.seeds import Split, split_of
from dreamitate_ros.simulate.tasks.glyphs import NAMES, glyph, symmetry_order
from dreamitate_ros.simulate.tasks.scribbles import scribble
from dreamitate_ros.values import Array

SHAPE = "shape"
HEIGHT_M = 0.022
SILHOUETTE_M = 0.0006
FEET, FOOT_M = 5, 0.002
CENTRE_M = np.array([-0.13, 0.0])  # within the left arm's reach
START_M = (0.06, 0.11)
LARGEST_TURN_RAD = np.deg2rad(75)

# of the scenes to train with
SCRIBBLES = 0.5  # share of shapes that are no letters
BEGUN = 2 / 3  # share that show what an earlier round left
LEFT_M, LEFT_RAD = (0.01, 0.08), np.deg2rad(45)  # from the silhouette; turned, standard deviation


@dataclass(frozen=True)
class PushScene:
    """parts: the shape's convex parts, each (N, 2) in metres about its frame. order: of its symmetry.

    start, goal: (3,) x, y, yaw of the frame in the world; m and rad.
    """

    name: str
    parts: tuple[Array, ...]
    order: int
    mass_kg: float
    friction: float
    start: Array
    goal: Array
    rgba: tuple[float, float, float, float]
    silhouette_rgba: tuple[float, float, float, float]


@lru_cache(maxsize=64)
def random_push_scene(seed: int) -> PushScene:
    """The scene of a seed.

    Those to evaluate with begin far from their silhouette. Of those to train with, most show what a round may find.
    """
    random, training = np.random.default_rng([seed, 20]), np.random.default_rng([seed, 21])
    trains = split_of(seed) is Split.TRAINING
    names = NAMES[split_of(seed)]
    name = names[int(random.integers(len(names)))]
    step_m = float(random.uniform(0.0155, 0.0175))
    parts = glyph(name, step_m)
    if trains and training.random() < SCRIBBLES:
        name, parts = "scribble", scribble(training, step_m)
    hue, saturation, value = random.random(), random.uniform(0.4, 0.9), random.uniform(0.6, 0.95)
    rgba = (*colorsys.hsv_to_rgb(hue, saturation, value), 1.0)
    away, turn = random.uniform(-np.pi, np.pi), random.uniform(-LARGEST_TURN_RAD, LARGEST_TURN_RAD)
    yaw = random.uniform(-np.pi, np.pi)
    half = random.uniform(*START_M) / 2 * np.array([np.cos(away), 0.7 * np.sin(away)])
    start, goal = np.array([*(CENTRE_M + half), yaw + turn]), np.array([*(CENTRE_M - half), yaw])
    if trains and training.random() < BEGUN:
        start = goal + _left(training)
    shade = random.uniform(0.55, 0.85)
    return PushScene(
        name=name,
        parts=parts,
        order=symmetry_order(parts),
        mass_kg=float(random.uniform(0.12, 0.30)),
        friction=float(random.uniform(0.35, 0.6)),
        start=start,
        goal=goal,
        rgba=rgba,
        silhouette_rgba=(shade, shade, shade, 1.0),
    )


def _left(random: np.random.Generator) -> Array:
    """(3,) x, y, yaw of what earlier rounds leave to put right: some way, in any direction, and a turn."""
    away, far_m = random.uniform(-np.pi, np.pi), random.uniform(*LEFT_M)
    return np.array([far_m * np.cos(away), far_m * np.sin(away), random.normal(0.0, LEFT_RAD)])


def add_push_scene(spec: mujoco.MjSpec, scene: PushScene) -> None:
    """Put the shape (a free body SHAPE) and its silhouette, which nothing touches, on the table.

    The shape stands on a few small feet: as steady as on its whole face, and much faster to simulate.
    """
    areas = np.array([_area_m2(part) for part in scene.parts])
    x, y, yaw = scene.start
    body = spec.worldbody.add_body(name=SHAPE, pos=[x, y, 0], quat=_about_z(yaw))
    body.add_freejoint(name=SHAPE)
    for index, (part, share) in enumerate(zip(scene.parts, areas / areas.sum(), strict=True)):
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_MESH, meshname=_add_slab(spec, f"{SHAPE}_{index}", part, HEIGHT_M),
            mass=scene.mass_kg * share, rgba=list(scene.rgba), friction=[scene.friction, 0.005, 0.0001],
            group=groups.VISIBLE, contype=0, conaffinity=groups.ARM_TYPE,
        )  # fmt: skip
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_MESH,
            meshname=_add_slab(spec, f"silhouette_{index}", part, SILHOUETTE_M),
            pos=[*scene.goal[:2], 0], quat=_about_z(scene.goal[2]), rgba=list(scene.silhouette_rgba),
            group=groups.VISIBLE, contype=0, conaffinity=0,
        )  # fmt: skip

    for place in _spread(scene.parts):
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[FOOT_M, 0, 0], pos=[*place, FOOT_M], mass=0,
            friction=[scene.friction, 0.005, 0.0001], group=groups.COLLISION,
            contype=groups.WORLD_TYPE, conaffinity=0,
        )  # fmt: skip


def _spread(parts: tuple[Array, ...]) -> Array:
    """(FEET, 2) places below a shape, as far apart as its corners are."""
    corners = np.concatenate([part.mean(axis=0) + 0.8 * (part - part.mean(axis=0)) for part in parts])
    chosen = [corners[np.linalg.norm(corners, axis=1).argmax()]]
    while len(chosen) < FEET:
        apart = np.linalg.norm(corners[:, None] - np.array(chosen), axis=2).min(axis=1)
        chosen.append(corners[apart.argmax()])
    return np.array(chosen)


def _add_slab(spec: mujoco.MjSpec, name: str, part: Array, height_m: float) -> str:
    """The mesh of a convex part, from the table up; MuJoCo finds its faces."""
    mesh = spec.add_mesh(name=name)
    heights = [np.full(len(part), z) for z in (0.0, height_m)]
    mesh.uservert = np.concatenate([np.column_stack([part, z]) for z in heights]).ravel()
    return name


def _about_z(angle_rad: float) -> list[float]:
    return [float(np.cos(angle_rad / 2)), 0.0, 0.0, float(np.sin(angle_rad / 2))]


def _area_m2(part: Array) -> float:
    following = np.roll(part, -1, axis=0)
    return float(0.5 * (part[:, 0] * following[:, 1] - part[:, 1] * following[:, 0]).sum())

"""Grains to sweep and to scoop: a few kinds for training, others for evaluation.

Each is a sphere, an ellipsoid, a capsule or a box with a free joint whose damping stops it from rolling for ever,
as the roughness of real grains does.
"""

import colorsys
from collections.abc import Callable
from dataclasses import dataclass, replace

import mujoco
import numpy as np
from numpy.typing import NDArray

from dreamitate_ros.execute import collision_groups as groups
from dreamitate_ros.simulate.seeds import Split, split_of
from dreamitate_ros.values import Array

PREFIX = "grain_"
GRAIN_TYPE = 4
"""Contact type of what touches grains only."""

DAMPING = 3e-6
"""Of the free joints, N s/m and N m s: nothing beside a grain's weight, but enough against its rolling."""

TAKEN = 0.65  # of the places in a layer of a heap: gaps make the grains fall into a heap without a pattern

DARKEST = 0.15
"""Value of a colour, 0..1, that drawn ones have at least."""

_SHAPES = {
    "sphere": mujoco.mjtGeom.mjGEOM_SPHERE,
    "ellipsoid": mujoco.mjtGeom.mjGEOM_ELLIPSOID,
    "capsule": mujoco.mjtGeom.mjGEOM_CAPSULE,
    "box": mujoco.mjtGeom.mjGEOM_BOX,
}


@dataclass(frozen=True)
class GrainKind:
    """size_m: MuJoCo's for the shape (radii, radius and half length, half sizes). density in kg/m3.

    hues: 0..1 each grain's is near one of them; saturation, value: 0..1 likewise.
    """

    name: str
    shape: str
    size_m: tuple[float, ...]
    density: float
    friction: float
    hues: tuple[float, ...]
    saturation: float
    value: float

    @property
    def radius_m(self) -> float:
        """Of the smallest sphere around it."""
        if self.shape == "capsule":
            return self.size_m[0] + self.size_m[1]
        if self.shape == "box":
            return float(np.linalg.norm(self.size_m))
        return max(self.size_m)

    @property
    def mass_kg(self) -> float:
        """Of one grain."""
        a, b, c = (*self.size_m, *self.size_m, *self.size_m)[:3]
        volume = {
            "sphere": 4 / 3 * np.pi * a**3,
            "ellipsoid": 4 / 3 * np.pi * a * b * c,
            "capsule": np.pi * a**2 * (4 / 3 * a + 2 * b),
            "box": 8 * a * b * c,
        }
        return float(self.density * volume[self.shape])


KINDS = {
    Split.TRAINING: (
        GrainKind("peas", "sphere", (0.0034,), 1100, 0.5, (0.29,), 0.7, 0.75),
        GrainKind("chocolate drops", "ellipsoid", (0.0049, 0.0049, 0.003), 1200, 0.45, (0.0, 0.12, 0.33), 0.85, 0.9),
        GrainKind("beans", "ellipsoid", (0.006, 0.0037, 0.0034), 1150, 0.5, (0.99,), 0.75, 0.5),
        GrainKind("pasta", "capsule", (0.0029, 0.0045), 1000, 0.5, (0.12,), 0.5, 0.92),
        GrainKind("croutons", "box", (0.0041, 0.0041, 0.0041), 600, 0.6, (0.09,), 0.6, 0.8),
        GrainKind("marbles", "sphere", (0.0049,), 2200, 0.35, (0.55, 0.62, 0.7), 0.6, 0.9),
        GrainKind("tiles", "box", (0.0045, 0.0045, 0.0026), 1500, 0.45, (0.0, 0.15, 0.5), 0.3, 0.9),
        GrainKind("cereal", "ellipsoid", (0.0053, 0.0053, 0.0053), 500, 0.55, (0.08,), 0.55, 0.85),
    ),
    Split.EVALUATION: (
        GrainKind("chickpeas", "ellipsoid", (0.0045, 0.0041, 0.0037), 1150, 0.5, (0.11,), 0.35, 0.93),
        GrainKind("almonds", "ellipsoid", (0.0071, 0.0041, 0.003), 1050, 0.5, (0.06,), 0.65, 0.62),
        GrainKind("blueberries", "sphere", (0.0043,), 1000, 0.5, (0.66,), 0.6, 0.5),
        GrainKind("dowels", "capsule", (0.0034, 0.003), 700, 0.55, (0.03, 0.3, 0.8), 0.7, 0.85),
        GrainKind("sugar cubes", "box", (0.0045, 0.0037, 0.0034), 1000, 0.55, (0.1,), 0.05, 0.95),
    ),
}  # fmt: skip


def random_kind(seed: int, random: np.random.Generator) -> GrainKind:
    """One of the kinds of a seed's split; of every second training seed in any colour, dark on a dark cloth too.

    What is swept or scooped is then learned by where it lies, and not by colours that a kitchen happens to have.
    """
    split = split_of(seed)
    kind = KINDS[split][int(random.integers(len(KINDS[split])))]
    return _painted(kind, seed) if split is Split.TRAINING and seed % 2 else kind


def _painted(kind: GrainKind, seed: int) -> GrainKind:
    random = np.random.default_rng([seed, 12])
    hues = tuple(random.random(len(kind.hues)).tolist())
    return replace(kind, hues=hues, saturation=random.random(), value=random.uniform(DARKEST, 1.0))


def add_grains(spec: mujoco.MjSpec, kind: GrainKind, positions_m: Array, random: np.random.Generator) -> None:
    """Bodies grain_0.. at positions_m (N, 3), turned at random."""
    for index, position in enumerate(positions_m):
        turn = random.normal(size=4)
        body = spec.worldbody.add_body(
            name=f"{PREFIX}{index}", pos=position, quat=turn / np.linalg.norm(turn)
        )
        body.add_joint(name=f"{PREFIX}{index}", type=mujoco.mjtJoint.mjJNT_FREE, damping=DAMPING)
        size = np.zeros(3)
        size[: len(kind.size_m)] = kind.size_m
        body.add_geom(
            type=_SHAPES[kind.shape], size=size, density=kind.density, rgba=_colour(kind, random),
            friction=[kind.friction, 0.005, 0.0001], solref=[0.008, 1.0], solimp=[0.98, 0.995, 0.001, 0.5, 2],
            group=groups.VISIBLE,
            contype=groups.WORLD_TYPE, conaffinity=groups.WORLD_TYPE | GRAIN_TYPE,
        )  # fmt: skip


def suit_solver(spec: mujoco.MjSpec) -> None:
    """Settings for hundreds of small contacts: twice as fast as those for a few exact ones.

    The friction cones stay elliptic: with pyramids, grains slip away diagonally.
    """
    spec.option.impratio = 1.0
    spec.option.tolerance = 1e-5


def heap(count: int, radius_m: float, spacing_m: float, random: np.random.Generator) -> Array:
    """(count, 3) places at least 0.9 spacing_m apart, in layers of a disc about the origin, each turned at random.

    The lowest lie spacing_m / 2 high; let them fall.
    """
    ring = np.arange(-radius_m, radius_m + spacing_m, spacing_m)
    x, y = (axis.ravel() for axis in np.meshgrid(ring, ring))
    disc = np.column_stack([x, y])[np.hypot(x, y) <= radius_m]
    taken = max(1, int(TAKEN * len(disc)))
    layers = []
    for level in range(-(-count // taken)):
        angle = random.uniform(0, np.pi / 2)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        places = random.permutation(disc)[:taken] @ turn + random.uniform(-0.05, 0.05, (taken, 2)) * spacing_m
        layers.append(np.column_stack([places, np.full(taken, (level + 0.5) * spacing_m)]))
    return np.concatenate(layers)[:count]


class Grains:
    """Where the grains of a model are."""

    def __init__(self, model: mujoco.MjModel) -> None:
        self._bodies = [i for i in range(model.nbody) if model.body(i).name.startswith(PREFIX)]

    def positions_m(self, data: mujoco.MjData) -> Array:
        """(N, 3) world frame."""
        return data.xpos[self._bodies].copy()

    def count(self, data: mujoco.MjData, inside: Callable[[Array], NDArray[np.bool_]]) -> int:
        """How many are where `inside` holds, asked with (N, 3) positions."""
        return int(inside(self.positions_m(data)).sum())

    def __len__(self) -> int:
        return len(self._bodies)


def _colour(kind: GrainKind, random: np.random.Generator) -> list[float]:
    hue = kind.hues[int(random.integers(len(kind.hues)))] + random.normal(0, 0.012)
    return [*colorsys.hsv_to_rgb(hue % 1, kind.saturation, kind.value * random.uniform(0.85, 1.0)), 1.0]

"""The scene of `sweep`: grains in a loose heap, the marked place they belong to, and things in between."""

from dataclasses import dataclass

import mujoco
import numpy as np

from dreamitate_ros.execute import collision_groups as groups
from dreamitate_ros.simulate.seeds import split_of
from dreamitate_ros.simulate.tasks.distractors import Distractor, add_distractors, random_distractors
from dreamitate_ros.simulate.tasks.grains import GrainKind, add_grains, heap, random_kind, suit_solver
from dreamitate_ros.values import Array

MARK_RADIUS_M = 0.06
HEAP_RADIUS_M = 0.022
BEHIND_M, BESIDE_M = 0.10, 0.075  # kept free of distractors: behind the heap, and beside the brush's way


@dataclass(frozen=True)
class SweepScene:
    """heap_m, mark_m: (2,) centres on the table, world frame. rgba: the mark's colour."""

    kind: GrainKind
    count: int
    heap_m: Array
    mark_m: Array
    rgba: tuple[float, float, float, float]
    distractors: tuple[Distractor, ...]

    @property
    def direction(self) -> Array:
        """(2,) unit, from the heap to the mark."""
        return (self.mark_m - self.heap_m) / np.linalg.norm(self.mark_m - self.heap_m)


def random_sweep(seed: int) -> SweepScene:
    """The scene of a seed; the mark lies towards the right arm, which pulls the brush."""
    split, random = split_of(seed), np.random.default_rng([seed, 10])
    kind, count = random_kind(seed, random), int(random.integers(22, 33))
    heap_m = np.array([random.uniform(-0.05, 0.05), random.uniform(-0.08, 0.08)])
    angle = random.uniform(-0.55, 0.55)
    if abs(heap_m[1]) > 0.03:  # towards the middle rather than out of the image
        angle = -np.sign(heap_m[1]) * abs(angle)
    mark_m = heap_m + random.uniform(0.15, 0.20) * np.array([np.cos(angle), np.sin(angle)])
    shade = random.uniform(0.75, 0.95)
    rgba = (shade, shade * random.uniform(0.5, 1), shade * random.uniform(0.4, 0.8), 1.0)

    def free(place: Array, radius: float) -> bool:
        way = (mark_m - heap_m) / np.linalg.norm(mark_m - heap_m)
        along = np.clip((place - heap_m) @ way, -BEHIND_M, np.linalg.norm(mark_m - heap_m))
        return bool(np.linalg.norm(place - heap_m - along * way) > BESIDE_M + radius)

    return SweepScene(kind, count, heap_m, mark_m, rgba, random_distractors(split, random, free))


def add_sweep(spec: mujoco.MjSpec, scene: SweepScene, seed: int) -> None:
    """Put it on the table; the grains first."""
    suit_solver(spec)
    random = np.random.default_rng([seed, 11])
    places = heap(scene.count, HEAP_RADIUS_M, 2.0 * scene.kind.radius_m, random)
    add_grains(spec, scene.kind, places + [*scene.heap_m, 0.002], random)
    add_distractors(spec, scene.distractors)
    for radius, top, shade in ((MARK_RADIUS_M, 0.0004, 1.0), (0.6 * MARK_RADIUS_M, 0.0008, 0.55)):
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=[radius, 0.0004, 0], pos=[*scene.mark_m, top - 0.0004],
            rgba=[*(shade * np.array(scene.rgba[:3])), 1.0], group=groups.VISIBLE, contype=0, conaffinity=0,
        )  # fmt: skip

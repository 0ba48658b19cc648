"""The scene of `scoop`: a bowl with grains, an empty one to its right, and things around them."""

import colorsys
from dataclasses import dataclass, replace

import mujoco
import numpy as np

from dreamitate_ros.simulate.seeds import Split, split_of
from dreamitate_ros.simulate.tasks.bowls import FLOOR_M, SIDES, Bowl, add_bowl
from dreamitate_ros.simulate.tasks.distractors import Distractor, add_distractors, random_distractors
from dreamitate_ros.simulate.tasks.grains import GrainKind, add_grains, heap, random_kind, suit_solver
from dreamitate_ros.values import Array

GRAIN_M3 = 1.2e-6  # of every kind, larger than the grains to sweep: fewer of them fill a bowl
KEPT_FREE_M = 0.03  # around bowls, and on the person's side of them, where the hand goes
FILLED_RADIUS_M = 0.032


@dataclass(frozen=True)
class ScoopScene:
    """source: holds `count` grains of `kind` at first. target: where a spoonful belongs."""

    kind: GrainKind
    count: int
    source: Bowl
    target: Bowl
    distractors: tuple[Distractor, ...]


def random_scoop(seed: int) -> ScoopScene:
    """The scene of a seed; the spoon is in the left arm."""
    split, random = split_of(seed), np.random.default_rng([seed, 30])
    kind = random_kind(seed, random)
    larger = float(np.cbrt(GRAIN_M3 * kind.density / kind.mass_kg))
    kind = replace(kind, size_m=tuple(larger * size for size in kind.size_m))
    # one behind the other, as a person sees it: where the left arm can both dig and pour
    source_m = np.array([random.uniform(-0.25, -0.19), random.uniform(-0.14, -0.05)])
    angle = random.uniform(1.5, 1.9)
    target_m = source_m + random.uniform(0.18, 0.20) * np.array([np.cos(angle), np.sin(angle)])
    bowls = (_random_bowl(split, random, source_m), _random_bowl(split, random, target_m))

    def free(place: Array, radius: float) -> bool:
        apart = [
            np.linalg.norm(place - bowl.place_m) > bowl.rim_radius_m + radius + KEPT_FREE_M for bowl in bowls
        ]
        return all(apart) and not (place[0] < source_m[0] and place[1] < target_m[1])  # where the handle goes

    count = int(random.integers(50, 66))
    return ScoopScene(kind, count, *bowls, random_distractors(split, random, free))


def add_scoop(spec: mujoco.MjSpec, scene: ScoopScene, seed: int) -> None:
    """Put it on the table; the grains first."""
    suit_solver(spec)
    random = np.random.default_rng([seed, 31])
    places = heap(scene.count, FILLED_RADIUS_M, 2.0 * scene.kind.radius_m, random)
    add_grains(spec, scene.kind, places + [*scene.source.place_m, FLOOR_M + 0.002], random)
    add_distractors(spec, scene.distractors)
    add_bowl(spec, scene.source)
    add_bowl(spec, scene.target)


def _random_bowl(split: Split, random: np.random.Generator, place_m: Array) -> Bowl:
    floor_m = float(random.uniform(0.038, 0.043))
    hue, saturation, value = random.random(), random.uniform(0.05, 0.5), random.uniform(0.6, 0.95)
    return Bowl(
        place_m=place_m,
        sides=SIDES[split][int(random.integers(len(SIDES[split])))],
        floor_radius_m=floor_m,
        rim_radius_m=floor_m + float(random.uniform(0.020, 0.026)),
        height_m=float(random.uniform(0.032, 0.038)),
        yaw_rad=float(random.uniform(0, np.pi)),
        rgba=(*colorsys.hsv_to_rgb(hue, saturation, value), 1.0),
    )

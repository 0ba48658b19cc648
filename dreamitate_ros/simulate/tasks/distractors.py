"""Things that lie about and have nothing to do with the task: other families for training and for evaluation."""

import colorsys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from dreamitate_ros.execute import collision_groups as groups
from dreamitate_ros.simulate.seeds import Split
from dreamitate_ros.values import Array

FAMILIES = {Split.TRAINING: ("can", "carton", "ball"), Split.EVALUATION: ("spool", "plank", "egg")}
IN_VIEW_M = ((-0.28, 0.34), (-0.20, 0.17))
APART_M = 0.03
TRIES = 200


@dataclass(frozen=True)
class Distractor:
    """family: one of FAMILIES. radius_m: of the circle it stands in. place_m: (2,) x, y on the table."""

    family: str
    radius_m: float
    height_m: float
    place_m: Array
    yaw_rad: float
    rgba: tuple[float, float, float, float]


def random_distractors(
    split: Split, random: np.random.Generator, free: Callable[[Array, float], bool]
) -> tuple[Distractor, ...]:
    """Two to four, apart from each other, where free(place_m, radius_m) allows; fewer where there is no room."""
    chosen: list[Distractor] = []
    wanted = int(random.integers(2, 5))
    for _ in range(TRIES):
        if len(chosen) == wanted:
            break
        radius = float(random.uniform(0.018, 0.034))
        place = np.array([random.uniform(*limits) for limits in IN_VIEW_M])
        if not free(place, radius) or not _apart(place, radius, chosen):
            continue
        hue, saturation, value = random.random(), random.uniform(0.1, 0.8), random.uniform(0.45, 0.95)
        chosen.append(
            Distractor(
                family=FAMILIES[split][int(random.integers(len(FAMILIES[split])))],
                radius_m=radius,
                height_m=float(radius * random.uniform(1.2, 2.2)),
                place_m=place,
                yaw_rad=float(random.uniform(-np.pi, np.pi)),
                rgba=(*colorsys.hsv_to_rgb(hue, saturation, value), 1.0),
            )
        )
    return tuple(chosen)


def add_distractors(spec: mujoco.MjSpec, distractors: Sequence[Distractor]) -> None:
    """Bodies distractor_0.., free to be knocked over."""
    for index, thing in enumerate(distractors):
        half = np.array([np.cos(thing.yaw_rad / 2), 0.0, 0.0, np.sin(thing.yaw_rad / 2)])
        height = _standing_m(thing)
        body = spec.worldbody.add_body(name=f"distractor_{index}", pos=[*thing.place_m, height], quat=half)
        body.add_joint(name=f"distractor_{index}", type=mujoco.mjtJoint.mjJNT_FREE, damping=2e-3)
        for kind, size, above in _pieces(thing):
            body.add_geom(
                type=kind, size=size, pos=[0, 0, above], density=500, rgba=list(thing.rgba),
                friction=[0.6, 0.005, 0.0001], group=groups.VISIBLE,
                contype=groups.WORLD_TYPE, conaffinity=groups.WORLD_TYPE,
            )  # fmt: skip


def _apart(place: Array, radius: float, others: Sequence[Distractor]) -> bool:
    return all(np.linalg.norm(place - other.place_m) > radius + other.radius_m + APART_M for other in others)


def _standing_m(thing: Distractor) -> float:
    return {
        "ball": thing.radius_m,
        "egg": thing.radius_m * 0.7,
    }.get(thing.family, thing.height_m / 2)


def _pieces(thing: Distractor) -> list[tuple[mujoco.mjtGeom, list[float], float]]:
    """Geoms: type, size, height above the body's frame."""
    r, h = thing.radius_m, thing.height_m / 2
    cylinder, box = mujoco.mjtGeom.mjGEOM_CYLINDER, mujoco.mjtGeom.mjGEOM_BOX
    if thing.family == "can":
        return [(cylinder, [r, h, 0], 0.0)]
    if thing.family == "carton":
        return [(box, [r * 0.8, r * 0.6, h], 0.0)]
    if thing.family == "ball":
        return [(mujoco.mjtGeom.mjGEOM_SPHERE, [r, 0, 0], 0.0)]
    if thing.family == "egg":
        return [(mujoco.mjtGeom.mjGEOM_ELLIPSOID, [r, r * 0.7, r * 0.7], 0.0)]
    if thing.family == "plank":
        return [(box, [r, r * 0.3, h], 0.0)]
    rim = h * 0.2
    return [
        (cylinder, [r * 0.55, h, 0], 0.0),
        (cylinder, [r, rim, 0], h - rim),
        (cylinder, [r, rim, 0], rim - h),
    ]

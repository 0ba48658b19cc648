"""The scripted expert of `scoop`: draws a steep spoon through the grains to the far wall, levels it there, pours."""

from dataclasses import dataclass

import numpy as np

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.geometry import interpolate, transform
from dreamitate_ros.simulate.handheld import Demonstration, HandheldWorld
from dreamitate_ros.simulate.plain_tools import BOWL_OUTSIDE_M
from dreamitate_ros.simulate.tasks.bowls import FLOOR_M
from dreamitate_ros.simulate.tasks.scoop_scene import ScoopScene
from dreamitate_ros.values import Array, Progress, Stop

CLEARANCE_M = 0.002
OUT_OF_VIEW_M = np.array([-0.15, -0.66, 0.20])
CARRY_M = 0.085  # height of the rim between the bowls
POUR_M = 0.075
LEVEL_RAD, POUR_RAD = np.deg2rad([8.0, 88.0])  # nose down; level enough, and the handle clears the bowl's rim
NOSE_M = float(BOWL_OUTSIDE_M[0])
ENOUGH_GRAINS = 7

# when, in imagined frames
ABOVE, IN, DRAWN, TURNED, LIFTED, OVER, POURED = 1.9, 2.9, 4.4, 5.6, 6.6, 8.7, 10.8


@dataclass(frozen=True)
class Scoop:
    """start_m, end_m: of the spoon's nose along x from the bowl's centre. dip_rad: how far it points down."""

    start_m: float
    end_m: float
    dip_rad: float


CANDIDATES = tuple(
    Scoop(-0.012, end_m, np.deg2rad(deg)) for end_m, deg in ((0.044, 52), (0.040, 62), (0.036, 68))
)


def demonstrate(
    world: HandheldWorld, scene: ScoopScene, frames: int, fps: float, progress: Progress, stop: Stop
) -> Demonstration:
    """The first spoonful of ENOUGH_GRAINS, or the best; raises Cancelled or GENERATION_FAILED."""
    best: Demonstration | None = None
    at = world.clock_s(frames, fps) * fps * 12 / (frames - 1)
    for index, scoop in enumerate(CANDIDATES):
        if stop():
            raise Cancelled("oracle")
        progress(index / len(CANDIDATES), f"expert tries spoonful {index + 1} of {len(CANDIDATES)}")
        done = world.perform(dict.fromkeys(world.arms, scoop_path(scoop, scene, at)), frames, fps)
        if best is None or done.outcome.score > best.outcome.score:
            best = done
        if best.outcome.score >= ENOUGH_GRAINS:
            break
    assert best is not None
    if not best.outcome.success:
        raise DreamitateError(
            ErrorCode.GENERATION_FAILED,
            f"the scripted expert fails: {best.outcome.summary}; reset the cell to another seed",
        )
    return best


def scoop_path(scoop: Scoop, scene: ScoopScene, frames_at: Array) -> Array:
    """(N, 4, 4) world_from_tool at imagined frames frames_at (N,): in, down, through, up, across, over, rest."""
    source, target = scene.source.place_m, scene.target.place_m
    start, end = source + [scoop.start_m, 0], source + [scoop.end_m, 0]
    over = target - [NOSE_M, 0]
    turned = target - [NOSE_M * np.cos(POUR_RAD), 0]
    drawing = [_nose_at(start + (end - start) * share, scoop.dip_rad) for share in np.linspace(0, 1, 5)]
    turning = [_nose_at(end, pitch) for pitch in np.linspace(scoop.dip_rad, LEVEL_RAD, 6)[1:]]
    lifted = turning[-1].copy()
    lifted[2, 3] = CARRY_M
    keys = [
        tipped(scoop.dip_rad, OUT_OF_VIEW_M[:2], OUT_OF_VIEW_M[2]),
        tipped(scoop.dip_rad, start - [0.025, 0], CARRY_M),
        *drawing,
        *turning,
        lifted,
        tipped(LEVEL_RAD, over, CARRY_M),
        tipped(POUR_RAD * 0.5, (over + turned) / 2, POUR_M),
        tipped(POUR_RAD, turned, POUR_M),
    ]
    times = [
        0.0, ABOVE, *np.linspace(IN, DRAWN, 5), *np.linspace(DRAWN, TURNED, 6)[1:],
        LIFTED, OVER, (OVER + POURED) / 2, POURED,
    ]  # fmt: skip
    return interpolate(np.array(times), np.stack(keys), np.asarray(frames_at, float))


def tipped(pitch_rad: float, place_m: Array, height_m: float) -> Array:
    """(4, 4) world_from_tool of a spoon along x, its nose down by pitch_rad; its rim's centre above place_m (2,)."""
    c, s = np.cos(pitch_rad), np.sin(pitch_rad)
    return transform(np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]), np.array([*place_m, height_m]))


def _nose_at(place_m: Array, pitch_rad: float) -> Array:
    return tipped(pitch_rad, place_m - [NOSE_M * np.cos(pitch_rad), 0], lowest_m(pitch_rad))


def lowest_m(pitch_rad: float) -> float:
    """Height of the spoon's centre when its bowl just clears the floor of the source."""
    length, _, depth = BOWL_OUTSIDE_M
    return FLOOR_M + CLEARANCE_M + float(np.hypot(length * np.sin(pitch_rad), depth * np.cos(pitch_rad)))

"""The scripted expert of `scoop`: draws a steep spoon through the grains to the far wall, levels it there, pours."""

from dataclasses import dataclass

import numpy as np

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.geometry import transform
from dreamitate_ros.simulate.eased import eased
from dreamitate_ros.simulate.handheld import Demonstration, HandheldWorld
from dreamitate_ros.simulate.plain_tools import BOWL_OUTSIDE_M
from dreamitate_ros.simulate.tasks.bowls import FLOOR_M
from dreamitate_ros.simulate.tasks.scoop_scene import ScoopScene
from dreamitate_ros.values import Array, Progress, Stop

CLEARANCE_M = 0.002
OUT_OF_VIEW_Y_M, ENTER_RISE_M = -0.40, 0.06
CARRY_RISE_M = 0.065  # of the spoon's lowest point above the bowl's floor
POUR_M = 0.075  # of the centre of the spoon's rim above the table
LEVEL_RAD, POUR_RAD = np.deg2rad([15.0, 100.0])  # nose down: to carry, and for the last grain
NOSE_M = float(BOWL_OUTSIDE_M[0])
ENOUGH_GRAINS = 9

# when, in imagined frames; a person begins a motion before the one before it has ended
ABOVE, IN = 2.0, 3.2
DRAW, DRAWN = 3.0, 5.2
TURN, TURNED = 4.0, 6.8
LIFT, LIFTED = 5.4, 7.6
CARRY, OVER = 5.8, 9.2
POUR, POURED = 6.9, 12.0


@dataclass(frozen=True)
class Scoop:
    """start_m, end_m: of the spoon's nose along x from the bowl's centre. dip_rad: how far it points down."""

    start_m: float
    end_m: float
    dip_rad: float


CANDIDATES = tuple(
    Scoop(start_m, end_m, np.deg2rad(deg))
    for start_m, end_m, deg in ((-0.020, 0.048, 52), (-0.020, 0.044, 58), (-0.024, 0.046, 55))
)


def demonstrate(
    world: HandheldWorld, scene: ScoopScene, frames: int, fps: float, progress: Progress, stop: Stop
) -> Demonstration:
    """The first spoonful of ENOUGH_GRAINS more than are spilled, or the best; raises Cancelled or GENERATION_FAILED."""
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
    """(N, 4, 4) world_from_tool at imagined frames frames_at (N,): in, down, through, up, across, over.

    The nose's place, its height and the pitch each go their own smooth way: a jerk is neither like a person nor easy
    to follow.
    """
    source, target = scene.source.place_m, scene.target.place_m
    start, end = source + [scoop.start_m, 0], source + [scoop.end_m, 0]
    pitch_rad = eased(
        frames_at, (TURN, scoop.dip_rad), (TURNED, LEVEL_RAD), (POUR, LEVEL_RAD), (POURED, POUR_RAD)
    )
    pour_rise_m = POUR_M - lowest_m(POUR_RAD)
    lifting = (LIFT, 0), (LIFTED, CARRY_RISE_M), (POURED, pour_rise_m)
    rise_m = eased(frames_at, (0, ENTER_RISE_M), (ABOVE, ENTER_RISE_M), (IN, 0), *lifting)
    x_m = eased(
        frames_at, (0, start[0]), (DRAW, start[0]), (DRAWN, end[0]), (CARRY, end[0]), (OVER, target[0])
    )
    y_m = eased(frames_at, (0, OUT_OF_VIEW_Y_M), (IN, start[1]), (CARRY, end[1]), (OVER, target[1]))
    heights_m = np.array([lowest_m(pitch) for pitch in pitch_rad]) + rise_m
    return np.stack(
        [
            tipped(pitch, np.array([x - NOSE_M * np.cos(pitch), y]), height)
            for pitch, x, y, height in zip(pitch_rad, x_m, y_m, heights_m, strict=True)
        ]
    )


def tipped(pitch_rad: float, place_m: Array, height_m: float) -> Array:
    """(4, 4) world_from_tool of a spoon along x, its nose down by pitch_rad; its rim's centre above place_m (2,)."""
    c, s = np.cos(pitch_rad), np.sin(pitch_rad)
    return transform(np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]), np.array([*place_m, height_m]))


def lowest_m(pitch_rad: float) -> float:
    """Height of the spoon's centre when its bowl just clears the floor of the source."""
    length, _, depth = BOWL_OUTSIDE_M
    return FLOOR_M + CLEARANCE_M + float(np.hypot(length * np.sin(pitch_rad), depth * np.cos(pitch_rad)))

"""The scripted expert of `sweep`: sets the brush down behind the heap and pulls the grains onto the mark."""

from dataclasses import dataclass

import numpy as np

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.geometry import transform
from dreamitate_ros.simulate.eased import eased
from dreamitate_ros.simulate.handheld import Demonstration, HandheldWorld
from dreamitate_ros.simulate.tasks.grains import Grains
from dreamitate_ros.simulate.tasks.sweep_scene import HEAP_RADIUS_M, SweepScene
from dreamitate_ros.simulate.tasks.sweep_truth import GOAL_SHARE
from dreamitate_ros.values import Array, Progress, Stop

LEAN_RAD = np.deg2rad(40)  # of the handle, towards where the brush goes: so a hand hides less of it
HALF_THICKNESS_M = 0.009  # of the bristles
CLEARANCE_M = 0.0015
OUT_OF_VIEW_M = np.array([0.10, -0.42])
ENTER_HEIGHT_M = 0.08
ENOUGH_SHARE = 0.9

# when, in imagined frames; a person begins a motion before the one before it has ended
LOWER, THERE, DOWN = 1.0, 4.8, 4.4
START, SWEPT = 4.0, 12.0


@dataclass(frozen=True)
class Sweep:
    """run_up_m: from the brush to the heap's edge. short_m: where the brush stops before the mark's centre."""

    run_up_m: float
    short_m: float


CANDIDATES = (Sweep(0.022, 0.020), Sweep(0.030, 0.010), Sweep(0.022, 0.032))


def demonstrate(
    world: HandheldWorld, scene: SweepScene, frames: int, fps: float, progress: Progress, stop: Stop
) -> Demonstration:
    """The first sweep that brings ENOUGH_SHARE there, or the best; raises Cancelled or GENERATION_FAILED."""
    best: Demonstration | None = None
    for index, sweep in enumerate(CANDIDATES):
        if stop():
            raise Cancelled("oracle")
        progress(index / len(CANDIDATES), f"expert tries sweep {index + 1} of {len(CANDIDATES)}")
        done = _perform(world, scene, sweep, frames, fps)
        if best is None or done.outcome.score > best.outcome.score:
            best = done
        if best.outcome.score >= ENOUGH_SHARE:
            break
    assert best is not None
    if not best.outcome.success:
        raise DreamitateError(
            ErrorCode.GENERATION_FAILED,
            f"the scripted expert sweeps {100 * best.outcome.score:.0f} % of the grains onto the mark only,"
            f" {100 * GOAL_SHARE:.0f} % are needed; reset the cell to another seed",
        )
    return best


def sweep_path(sweep: Sweep, heap_m: Array, reach_m: float, mark_m: Array, frames_at: Array) -> Array:
    """(N, 4, 4) world_from_tool at imagined frames frames_at (N,): in, down, along, rest.

    heap_m, mark_m: (2,) centres. reach_m: the heap's radius.
    """
    way = (mark_m - heap_m) / np.linalg.norm(mark_m - heap_m)
    rotation = leaning(way)
    height = CLEARANCE_M + HALF_THICKNESS_M * np.sin(LEAN_RAD)
    start_m, end_m = heap_m - (reach_m + sweep.run_up_m) * way, mark_m - sweep.short_m * way
    entered = eased(frames_at, (0, 0), (THERE, 1))[:, None]
    swept = eased(frames_at, (0, 0), (START, 0), (SWEPT, 1))[:, None]
    places_m = OUT_OF_VIEW_M + entered * (start_m - OUT_OF_VIEW_M) + swept * (end_m - start_m)
    heights_m = eased(frames_at, (0, ENTER_HEIGHT_M), (LOWER, ENTER_HEIGHT_M), (DOWN, height))
    return np.stack(
        [transform(rotation, np.array([*place, z])) for place, z in zip(places_m, heights_m, strict=True)]
    )


def leaning(way: Array) -> Array:
    """(3, 3) world_from_tool of a brush whose handle leans towards way (2,), its bristles across it."""
    forward = np.array([*way, 0.0])
    x = -np.sin(LEAN_RAD) * forward - np.cos(LEAN_RAD) * np.array([0.0, 0.0, 1.0])
    y = np.array([-way[1], way[0], 0.0])
    return np.column_stack([x, y, np.cross(x, y)])


def _perform(world: HandheldWorld, scene: SweepScene, sweep: Sweep, frames: int, fps: float) -> Demonstration:
    grains = Grains(world.model).positions_m(world.data)[:, :2]
    heap_m = np.median(grains, axis=0)
    near = np.linalg.norm(grains - heap_m, axis=1)
    reach_m = float(near[near < 2 * HEAP_RADIUS_M].max())
    at = world.clock_s(frames, fps) * fps * 12 / (frames - 1)
    path = sweep_path(sweep, heap_m, reach_m, scene.mark_m, at)
    return world.perform(dict.fromkeys(world.arms, path), frames, fps)

"""What the two cameras see of a demonstration, time by time."""

from collections.abc import Iterator

import numpy as np

from dreamitate_ros.errors import Cancelled
from dreamitate_ros.simulate.handheld import HandheldWorld
from dreamitate_ros.simulate.rendering import CameraRenderer
from dreamitate_ros.simulate.variation import VIEWS, exposed
from dreamitate_ros.values import Array, Image, Progress, Stop

SMALL_PX = 512  # width


def film(world: HandheldWorld, states: Array, first: int, progress: Progress, stop: Stop) -> dict[str, Image]:
    """`top` and `side`, (T - first, H, W, 3) each: states (T, S) from time `first` on, at the world's rig's size.

    Raises Cancelled, or STAGE_UNAVAILABLE where nothing can be drawn.
    """
    views: dict[str, list[Image]] = {view: [] for view in VIEWS}
    _spare_detail(world)
    renderer = CameraRenderer(world.model, samples=4, cameras=[f"{view}_model" for view in VIEWS])
    try:
        for time, frames in _drawn(world, states, first, renderer):
            if stop():
                raise Cancelled("film")
            for view, frame in frames.items():
                views[view].append(frame)
            progress((time + 1 - first) / (len(states) - first), f"frame {time} of {len(states) - 1}")
    finally:
        renderer.close()
    return {view: np.stack(frames) for view, frames in views.items()}


def _drawn(
    world: HandheldWorld, states: Array, first: int, renderer: CameraRenderer
) -> Iterator[tuple[int, dict[str, Image]]]:
    for time in range(first, len(states)):
        world.show(states[time])
        yield (
            time,
            {
                view: exposed(renderer.render(world.data, f"{view}_model"), world.seed, view, time)
                for view in VIEWS
            },
        )


def _spare_detail(world: HandheldWorld) -> None:
    """Small pictures show neither fine shadows nor the facets of round shapes, which take half the time."""
    model = world.model
    if model.cam_resolution[model.camera(f"{VIEWS[0]}_model").id][0] <= SMALL_PX:
        model.vis.quality.shadowsize = 512
        model.vis.quality.numslices, model.vis.quality.numstacks = 14, 8

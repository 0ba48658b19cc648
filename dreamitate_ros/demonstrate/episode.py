"""One demonstration: the expert does a task in the scene of a seed; both views and the tools' true poses are kept."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dreamitate_ros.demonstrate.dataset import Dataset
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.geometry import inverse
from dreamitate_ros.rig import Rig
from dreamitate_ros.simulate.cell import Cell
from dreamitate_ros.simulate.film import film
from dreamitate_ros.simulate.handheld import Demonstration, HandheldWorld
from dreamitate_ros.simulate.tasks import simulated_task
from dreamitate_ros.simulate.variation import standing_rig
from dreamitate_ros.task import Task
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import StereoVideo, ToolTrack


@dataclass(frozen=True)
class Recorder:
    """Makes and keeps the demonstration of a seed. rig: of the cell's images; tools: arm -> Tool."""

    task: Task
    rig: Rig
    tools: Mapping[str, Tool]
    dataset: Dataset

    def __call__(self, seed: int) -> dict[str, Any]:
        """The record of the seed, kept in the data set: how it went, or why the expert found no way."""
        started_s = time.monotonic()
        try:
            demonstration, video, tracks = demonstration_of(
                self.task, self.rig.resized(*self.dataset.size_px), self.tools, seed
            )
        except DreamitateError as error:
            if error.code is not ErrorCode.GENERATION_FAILED:
                raise
            return self.dataset.keep_failure(seed, error.message)
        facts = {
            "success": demonstration.outcome.success,
            "figures": demonstration.outcome.figures,
            "summary": demonstration.outcome.summary,
            "frames": 2 * len(video.top),
            "wall_s": round(time.monotonic() - started_s, 3),
        }
        return self.dataset.keep(seed, video, tracks, facts)


def demonstration_of(
    task: Task, rig: Rig, tools: Mapping[str, Tool], seed: int
) -> tuple[Demonstration, StereoVideo, list[ToolTrack]]:
    """What the expert does in the scene of a seed, its video at the rig's size, and where the tools were.

    Raises GENERATION_FAILED where it finds no way.
    """
    simulated, never = simulated_task(task.name), lambda: False
    scene = Cell(simulated, seed, rig, {}).scene
    world = HandheldWorld(simulated, scene, rig, tools)
    done = simulated.demonstrate(world, task.frames, task.fps, lambda *_: None, never)
    views = film(world, done.states, 0, lambda *_: None, never)
    video = StereoVideo(views["top"], views["side"], task.fps)
    return done, video, true_tracks(done, standing_rig(rig, seed))


def true_tracks(done: Demonstration, rig: Rig) -> list[ToolTrack]:
    """The tools' poses from the camera that really stood there, known at all times."""
    assert rig.world_from_top is not None
    top_from_world, count = inverse(rig.world_from_top), len(done.times_s)
    return [
        ToolTrack(
            tool=arm,
            times_s=done.times_s,
            top_from_tool=top_from_world @ poses,
            confidence=np.ones(count),
            observed=np.ones(count, dtype=bool),
            residuals_px=np.zeros((count, 2)),
            sigma=np.zeros((count, 6)),
        )
        for arm, poses in done.world_from_tool.items()
    ]

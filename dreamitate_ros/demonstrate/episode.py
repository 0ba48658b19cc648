"""One demonstration: the expert does a task in the scene of a seed; both views and the tools' true poses are kept."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dreamitate_ros.demonstrate.dataset import Dataset
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.geometry import interpolate, inverse
from dreamitate_ros.rig import Rig
from dreamitate_ros.simulate.cell import Cell
from dreamitate_ros.simulate.film import film
from dreamitate_ros.simulate.handheld import Demonstration, HandheldWorld
from dreamitate_ros.simulate.scene import Scene
from dreamitate_ros.simulate.tasks import simulated_task
from dreamitate_ros.simulate.variation import standing_rig
from dreamitate_ros.task import Task
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import StereoVideo, ToolTrack

ROUNDS_SHOWN = 3
"""Later ones put right what is left: small motions, which nobody learns from scenes that have just begun."""

ASTRAY_M = 0.015
"""Standard deviation in x and in y by which the rounds before the one that is shown go astray.

An expert that never errs leaves millimetres to put right; whoever learns from it leaves centimetres.
"""


@dataclass(frozen=True)
class Recorder:
    """Makes and keeps the demonstration of a seed. rig: of the cell's images; tools: arm -> Tool; rounds: as of
    demonstration_of.
    """

    task: Task
    rig: Rig
    tools: Mapping[str, Tool]
    dataset: Dataset
    rounds: int = ROUNDS_SHOWN

    def __call__(self, seed: int) -> dict[str, Any]:
        """The record of the seed, kept in the data set: how it went, or why the expert found no way."""
        started_s = time.monotonic()
        try:
            demonstration, video, tracks = demonstration_of(
                self.task, self.rig.resized(*self.dataset.size_px), self.tools, seed, self.rounds
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
    task: Task, rig: Rig, tools: Mapping[str, Tool], seed: int, rounds: int = ROUNDS_SHOWN
) -> tuple[Demonstration, StereoVideo, list[ToolTrack]]:
    """What the expert does in the scene of a seed, its video at the rig's size, and where the tools were.

    Of a task of several rounds, one: each of the first `rounds` by turns of the seeds, and an earlier one where the
    expert is done by then. The rounds before it go ASTRAY_M. Raises GENERATION_FAILED where it finds no way at all.
    """
    simulated = simulated_task(task.name)
    scene = Cell(simulated, seed, rig, {}).scene
    world, done = _round(task, scene, rig, tools)
    for earlier in range(seed % min(simulated.rounds, rounds)):
        try:
            states = _astray(world, done, task, np.random.default_rng([seed, 9, earlier])).states
            scene = Scene(seed, states[-1, : len(scene.positions)])
            world, done = _round(task, scene, rig, tools)
        except DreamitateError as error:
            if error.code is not ErrorCode.GENERATION_FAILED:
                raise
            break
    views = film(world, done.states, 0, lambda *_: None, lambda: False)
    video = StereoVideo(views["top"], views["side"], task.fps)
    return done, video, true_tracks(done, standing_rig(rig, seed))


def _round(
    task: Task, scene: Scene, rig: Rig, tools: Mapping[str, Tool]
) -> tuple[HandheldWorld, Demonstration]:
    simulated = simulated_task(task.name)
    world = HandheldWorld(simulated, scene, rig, tools)
    return world, simulated.demonstrate(world, task.frames, task.fps, lambda *_: None, lambda: False)


def _astray(
    world: HandheldWorld, done: Demonstration, task: Task, random: np.random.Generator
) -> Demonstration:
    """The same, done a little beside where it should have been, in the table's plane."""
    at_s, aside_m = world.clock_s(task.frames, task.fps), np.array([*random.normal(0.0, ASTRAY_M, 2), 0.0])
    paths = {arm: interpolate(done.times_s, poses, at_s) for arm, poses in done.world_from_tool.items()}
    for path in paths.values():
        path[:, :3, 3] += aside_m
    return world.perform(paths, task.frames, task.fps)


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

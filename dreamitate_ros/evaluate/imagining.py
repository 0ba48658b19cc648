"""What imagines in a trial: the oracle, a trained model, the videos of an earlier evaluation, or nothing."""

import functools
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.evaluate.core import Imagination
from dreamitate_ros.evaluate.dreaming import Track
from dreamitate_ros.evaluate.results import Results
from dreamitate_ros.generate.replay import ReplayGenerator
from dreamitate_ros.rig import Rig
from dreamitate_ros.simulate.oracle import OracleGenerator
from dreamitate_ros.task import Task
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Progress, StereoImage, StereoVideo, Stop


def oracle(rig: Rig, tools: Mapping[str, Tool], rounds: int) -> Imagination:
    """The scripted expert, each round anew in the scene as it then is."""
    return lambda cell: [OracleGenerator(rig, tools, lambda: cell.scene)] * rounds


def diffusion(model: Path, sampling: str, memory: str, rounds: int) -> Imagination:
    """A model folder, loaded by the process that first needs it."""
    from dreamitate_ros.generate.diffusion.generator import DiffusionGenerator

    loaded: list[DiffusionGenerator] = []

    def imagine(_: object) -> list[DiffusionGenerator]:
        if not loaded:
            loaded.append(DiffusionGenerator.load(model, sampling, memory))
        return loaded * rounds

    return imagine


class Still:
    """Imagines nothing: the photos, for as long as the task takes. The baseline looks at no more."""

    def generate(
        self, photos: StereoImage, task: Task, seed: int, progress: Progress, stop: Stop
    ) -> StereoVideo:
        """See Generator."""
        top, side = (np.repeat(photo[None], task.frames, axis=0) for photo in (photos.top, photos.side))
        return StereoVideo(top, side, task.fps)


def still(rounds: int) -> Imagination:
    """What the baseline is shown."""
    return lambda cell: [Still()] * rounds


def baseline(folder: Path) -> Track:
    """A trained baseline in the tracker's place, loaded by the process that first needs it.

    torch's threads do not survive the fork into a trial's process: what is loaded before it computes for ever.
    """
    from dreamitate_ros.baseline.policy import BaselinePolicy

    loaded = functools.cache(BaselinePolicy.load)
    return lambda video, rig, tools, progress, stop: loaded(folder).track(video, rig, tools, progress, stop)


def replay(earlier: Path) -> Imagination:
    """What was imagined in the same scenes in an earlier evaluation."""
    return lambda cell: [ReplayGenerator(path) for path in imagined_before(earlier, cell.seed)]


def imagined_before(earlier: Path, seed: int) -> list[Path]:
    """The episode folders of a trial's rounds; raises UNREADABLE_VIDEO where nothing was imagined."""
    trial = Results(earlier, {}).trial(seed)
    episodes = [Path(each.episode) for each in trial.rounds] if trial is not None else []
    if not episodes:
        raise DreamitateError(
            ErrorCode.UNREADABLE_VIDEO, f"the evaluation {earlier} holds no imagined video of seed {seed}"
        )
    return episodes

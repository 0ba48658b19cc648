"""`dreamitate benchmark acting`: dreams that an evaluation tracked, acted out again by the present planner and task.

Imagining takes most of a trial, so what concerns choosing and acting is measured on dreams that exist: seconds a trial.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dreamitate_ros import episode_files as files
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.dreams.choose import Dream, choose
from dreamitate_ros.dreams.judge import judge
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.evaluate.dreaming import go_on, unheard
from dreamitate_ros.evaluate.results import SETTINGS, Results
from dreamitate_ros.evaluate.summary import wilson_interval
from dreamitate_ros.execute.plan import plan
from dreamitate_ros.execute.run import run
from dreamitate_ros.rig import Rig, load_rig
from dreamitate_ros.simulate.cell import Cell
from dreamitate_ros.simulate.stepped import SteppedCell
from dreamitate_ros.simulate.tasks import simulated_task
from dreamitate_ros.task import Task, cell_rig_path, load_task
from dreamitate_ros.tool import Tool, load_tools
from dreamitate_ros.track.gate import require_confident
from dreamitate_ros.track.tracks_file import read_tracks
from dreamitate_ros.values import ArmTrajectory, Array, ToolTrack
from dreamitate_ros.yaml_file import load_mapping


@dataclass(frozen=True)
class DreamtScene:
    """seed: of the scene. dreams: folder of those of its first round. imagined: how many there are."""

    seed: int
    dreams: Path
    imagined: int

    def tracks(self, number: int) -> Path:
        """File of the tools in a dream, absent where none was found."""
        return self.dreams / f"{number:02d}" / files.TRACKS

    @property
    def tracked(self) -> bool:
        """Some dream's tracks are there."""
        return any(self.tracks(number).is_file() for number in range(1, self.imagined + 1))


@dataclass(frozen=True)
class KeptDreamer:
    """A dreams.choose.Dreamer that imagines nothing: a video is the file of its tracks. start: arm -> (6,) rad."""

    scene: DreamtScene
    task: Task
    rig: Rig
    tools: Mapping[str, Tool]
    start: Mapping[str, Array]

    def imagine(self, number: int, seed: int) -> Path:
        """See Dreamer."""
        return self.scene.tracks(number)

    def track(self, number: int, video: Path) -> tuple[list[ToolTrack], dict[str, float]]:
        """See Dreamer."""
        if not video.is_file():
            raise DreamitateError(ErrorCode.TRACKING_LOST, f"no tool was found in dream {number}")
        tracks = read_tracks(video, self.task.fps)
        require_confident(tracks, self.task.confidence_gate)
        return tracks, judge(tracks, self.task, self.rig, self.tools)

    def plan(self, number: int, tracks: Sequence[ToolTrack]) -> dict[str, ArmTrajectory]:
        """See Dreamer."""
        return plan(tracks, self.task, self.rig, self.tools, self.start, unheard, go_on)

    def judged(self, dream: Dream[Path]) -> None:
        """See Dreamer."""

    def chosen(self, dream: Dream[Path]) -> None:
        """See Dreamer."""


def benchmark_acting(evaluation: Path, samples: int) -> Iterator[str]:
    """A line for each scene of an evaluation's folder, then the successes with their 95 % interval.

    Acted out is what choosing among the first `samples` dreams of its first round comes to, judged anew.
    Raises INVALID_PARAMETER where the folder holds no tracked dreams, and for samples below 1; UNKNOWN_TASK.
    """
    if samples < 1:
        raise DreamitateError(ErrorCode.INVALID_PARAMETER, f"--samples must be at least 1, not {samples}")
    task = _task(evaluation)
    scenes = _dreamt(evaluation)
    config = config_directory()
    rig, tools = load_rig(cell_rig_path(task, config)), load_tools(task.arm_tools, config)
    yield (
        f"{task.name}, up to {samples} dreams a scene of {evaluation}: choice {task.choice.value},"
        f" contact_height_m {task.contact_height_m:g}, contact_within_m {task.contact_within_m:g},"
        f" contact_within_deg {task.contact_within_deg:g}"
    )
    successes = 0
    for scene in scenes:
        success, line = _acted(scene, samples, task, rig, tools)
        successes += success
        yield line
    low, high = wilson_interval(successes, len(scenes))
    yield f"{successes} of {len(scenes)} succeeded (95 % interval {100 * low:.0f} to {100 * high:.0f} %)"


def _acted(
    scene: DreamtScene, samples: int, task: Task, rig: Rig, tools: Mapping[str, Tool]
) -> tuple[bool, str]:
    """Whether the scene is then as the task wants it, and a line about it."""
    started_s = time.monotonic()
    cell = Cell(simulated_task(task.name), scene.seed, rig, tools)
    stepped, of = SteppedCell(cell), ""
    try:
        start = {arm: driver.state().positions for arm, driver in stepped.arms.items()}
        dreamer = KeptDreamer(scene, task, rig, tools, start)
        dream = choose(dreamer, scene.seed, min(samples, scene.imagined), task.choice)
        of = f"dream {dream.number}: "
        run(dream.trajectories, stepped.arms, tools, lambda *_: None, go_on, stepped.clock)
        success, what = cell.outcome.success, cell.outcome.summary
    except DreamitateError as error:
        success, what = False, f"{error.code.name}: {error.message}"
    finally:
        cell.close()
    verdict = "success" if success else "FAILED "
    return success, f"seed {scene.seed}  {verdict}  {of}{what}; {time.monotonic() - started_s:.0f} s"


def _task(evaluation: Path) -> Task:
    settings = evaluation / SETTINGS
    if not settings.is_file():
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"{evaluation} holds no {SETTINGS}; give a folder that `dreamitate evaluate` wrote",
        )
    return load_task(str(load_mapping(settings, ErrorCode.INVALID_PARAMETER)["task"]), config_directory())


def _dreamt(evaluation: Path) -> list[DreamtScene]:
    """Of each trial that came to imagine."""
    firsts = [(trial.seed, trial.rounds[0]) for trial in Results(evaluation, {}).trials() if trial.rounds]
    scenes = [
        DreamtScene(seed, Path(first.episode) / files.DREAMS, first.dreams)
        for seed, first in firsts
        if first.dreams
    ]
    if not any(scene.tracked for scene in scenes):
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, f"no trial in {evaluation} has a tracked dream left to act out again"
        )
    return scenes

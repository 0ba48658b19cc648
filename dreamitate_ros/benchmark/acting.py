"""`dreamitate benchmark acting`: dreams that an evaluation tracked, acted out again by the present planner and task.

Imagining takes most of a trial, so what concerns acting alone is measured on dreams that exist: seconds a trial.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dreamitate_ros import episode_files as files
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.evaluate.dreaming import go_on, unheard
from dreamitate_ros.evaluate.results import SETTINGS, Results
from dreamitate_ros.evaluate.summary import wilson_interval
from dreamitate_ros.evaluate.trial import Round
from dreamitate_ros.execute.plan import plan
from dreamitate_ros.execute.run import run
from dreamitate_ros.rig import Rig, load_rig
from dreamitate_ros.simulate.cell import Cell
from dreamitate_ros.simulate.stepped import SteppedCell
from dreamitate_ros.simulate.tasks import simulated_task
from dreamitate_ros.task import Task, load_task
from dreamitate_ros.tool import Tool, load_tools
from dreamitate_ros.track.gate import require_confident
from dreamitate_ros.track.tracks_file import read_tracks
from dreamitate_ros.yaml_file import load_mapping


@dataclass(frozen=True)
class TrackedDream:
    """seed: of its scene. tracks: file of the tools in it, absent where none was found."""

    seed: int
    tracks: Path


def benchmark_acting(evaluation: Path, chosen: bool) -> Iterator[str]:
    """A line for each scene of an evaluation's folder, then the successes with their 95 % interval.

    Acted out is the first dream of the first round, or where `chosen` the one that the evaluation acted out.
    Raises INVALID_PARAMETER where the folder holds no tracked dreams; UNKNOWN_TASK.
    """
    task = _task(evaluation)
    dreams = _tracked(evaluation, chosen)
    config = config_directory()
    rig, tools = load_rig(config / "rigs" / "cell.yaml"), load_tools(task.arm_tools, config)
    yield (
        f"{task.name}, {'chosen' if chosen else 'first'} dreams of {evaluation}:"
        f" contact_height_m {task.contact_height_m:g}, contact_within_m {task.contact_within_m:g},"
        f" contact_within_deg {task.contact_within_deg:g}"
    )
    successes = 0
    for dream in dreams:
        success, line = _acted(dream, task, rig, tools)
        successes += success
        yield line
    low, high = wilson_interval(successes, len(dreams))
    yield f"{successes} of {len(dreams)} succeeded (95 % interval {100 * low:.0f} to {100 * high:.0f} %)"


def _acted(dream: TrackedDream, task: Task, rig: Rig, tools: Mapping[str, Tool]) -> tuple[bool, str]:
    """Whether the scene is then as the task wants it, and a line about it."""
    if not dream.tracks.is_file():
        return False, f"seed {dream.seed}  FAILED   the evaluation found no tool in it"
    started_s = time.monotonic()
    cell = Cell(simulated_task(task.name), dream.seed, rig, tools)
    stepped = SteppedCell(cell)
    try:
        tracks = read_tracks(dream.tracks, task.fps)
        require_confident(tracks, task.confidence_gate)
        start = {arm: driver.state().positions for arm, driver in stepped.arms.items()}
        trajectories = plan(tracks, task, rig, tools, start, unheard, go_on)
        run(trajectories, stepped.arms, tools, lambda *_: None, go_on, stepped.clock)
        success, what = cell.outcome.success, cell.outcome.summary
    except DreamitateError as error:
        success, what = False, f"{error.code.name}: {error.message}"
    finally:
        cell.close()
    verdict = "success" if success else "FAILED "
    return success, f"seed {dream.seed}  {verdict}  {what}; {time.monotonic() - started_s:.0f} s"


def _task(evaluation: Path) -> Task:
    settings = evaluation / SETTINGS
    if not settings.is_file():
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"{evaluation} holds no {SETTINGS}; give a folder that `dreamitate evaluate` wrote",
        )
    return load_task(str(load_mapping(settings, ErrorCode.INVALID_PARAMETER)["task"]), config_directory())


def _tracked(evaluation: Path, chosen: bool) -> list[TrackedDream]:
    """Of each trial that came to imagine."""
    trials = [trial for trial in Results(evaluation, {}).trials() if trial.rounds]
    dreams = [TrackedDream(trial.seed, _tracks(trial.rounds[0], chosen)) for trial in trials]
    if not any(dream.tracks.is_file() for dream in dreams):
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, f"no trial in {evaluation} has a tracked dream left to act out again"
        )
    return dreams


def _tracks(first: Round, chosen: bool) -> Path:
    number = (first.chosen or 1) if chosen else 1
    return Path(first.episode) / files.DREAMS / f"{number:02d}" / files.TRACKS

"""`dreamitate demo | run`: bring the graph up, run a trial in it, say what happened."""

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import yaml

from dreamitate_ros import episode_files as files
from dreamitate_ros.capture.photos import crop_photos, read_photos
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.episode import Episode
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.generate.replay import ReplayGenerator
from dreamitate_ros.nodes.bringup import Settings
from dreamitate_ros.nodes.session import Session, printed
from dreamitate_ros.report import write_report, write_summary
from dreamitate_ros.rig import load_rig
from dreamitate_ros.simulate.seeds import split_of
from dreamitate_ros.simulate.tasks import simulated_task
from dreamitate_ros.task import Task, cell_rig_path, load_task, require_model
from dreamitate_ros.tool import load_tools


def demo(task: str, seed: int, generator: str, episodes: Path) -> int:
    """One trial with the oracle or the task's model; 0 only when the task was really done.

    Raises DreamitateError before anything starts, for a task without a model that ships too.
    """
    started_s = time.monotonic()
    known = load_task(task, config_directory())
    if generator == "diffusion":
        require_model(known)
    split_of(seed)
    settings = Settings(
        simulation=True, generator=generator, episodes=str(episodes.absolute()), task=task, seed=seed
    )
    rounds = [""] * simulated_task(task).rounds
    samples = known.samples if generator == "diffusion" else 1  # the oracle's dream is the same again
    with Session(settings, _log_folder(episodes)) as session:
        trial = session.trial(task, seed, printed(), rounds, samples)
    for each in trial.rounds:
        write_report(Path(each.episode))  # again, now with what really happened
        write_summary(Path(each.episode))
    if trial.error:
        print(trial.error)
    assert trial.best is not None
    figures = "".join(f"  {name}: {value:.1f}" for name, value in trial.best.outcome.figures.items())
    print(
        f"episode: {_shown(trial.best.episode)}  success: {str(trial.success).lower()}{figures}"
        f"  wall_s: {time.monotonic() - started_s:.0f}"
    )
    return 0 if trial.success else 1


def replay(task: str, directory: Path, rig: Path | None, tools: Mapping[str, Path], episodes: Path) -> int:
    """A stored experiment, or an episode folder: its tools tracked, its path followed by the arms in the cell."""
    started_s = time.monotonic()
    logs = _log_folder(episodes)
    config = config_directory()
    try:
        known = load_task(task, config)
        cell_path = cell_rig_path(known, config)
        _require_usable(known, directory, rig or cell_path, tools)
    except DreamitateError as error:
        _keep_refusal(error, task, directory, rig, episodes)
        raise
    settings = Settings(
        simulation=True,
        rig=str(_with_arms(rig or cell_path, cell_path, logs)),
        tools=",".join(f"{arm}={path.absolute()}" for arm, path in tools.items()),
        episodes=str(episodes.absolute()),
        task=task,
    )
    with Session(settings, logs) as session:
        trial = session.trial(task, _scene(directory), printed(), [str(directory.absolute())])
    if trial.error:
        print(trial.error)
    (only,) = trial.rounds
    errors = " ".join(f"{arm} {mm:.1f}" for arm, mm in only.path_error_mm.items()) or "none"
    print(
        f"episode: {_shown(only.episode)}  success: {str(not trial.error).lower()}"
        f"  path_error_mm: {errors}  wall_s: {time.monotonic() - started_s:.0f}"
    )
    return 0 if not trial.error else 1


def _scene(directory: Path) -> int:
    """The seed of the scene that an episode was recorded in; 0 for an experiment of elsewhere."""
    truth = directory / files.TRUTH
    return int(json.loads(truth.read_text())["seed"]) if truth.is_file() else 0


def _require_usable(task: Task, directory: Path, rig_path: Path, tools: Mapping[str, Path]) -> None:
    """Everything that can be told before anything is started; raises DreamitateError."""
    rig = load_rig(rig_path)
    load_tools(task.arm_tools, config_directory(), tools)
    photos = crop_photos(read_photos(directory), rig.top.width, rig.top.height)
    ReplayGenerator(directory).generate(photos, task, 0, lambda *_: None, lambda: False)


def _keep_refusal(
    error: DreamitateError, task: str, directory: Path, rig: Path | None, episodes: Path
) -> None:
    episode = Episode.create(episodes, task, {"replay_directory": str(directory), "rig": str(rig or "")})
    episode.finish(error)
    episode.wait_for_report()
    print(f"episode: {_shown(str(episode.folder))}")


def _with_arms(rig_path: Path, cell_path: Path, folder: Path) -> Path:
    """A rig file with the given cameras and the cell's arms; theirs are simulated, so their place is exact."""
    content, cell = (yaml.safe_load(path.read_text()) for path in (rig_path, cell_path))
    arms = {key: cell[key] for key in ("world_from_top", "base_from_top", "method")}
    folder.mkdir(parents=True, exist_ok=True)
    merged = folder / "rig.yaml"
    merged.write_text(yaml.safe_dump({**content, **arms}))
    return merged


def _log_folder(episodes: Path) -> Path:
    return episodes.absolute() / "logs" / datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")


def _shown(folder: str) -> str:
    path = Path(folder)
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)

"""`dreamitate demo | run | evaluate`: bring the graph up, run trials in it, say what happened."""

import json
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import yaml

from dreamitate_ros.capture.photos import crop_photos, read_photos
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.episode import Episode
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.evaluate.summary import row, summarise, table
from dreamitate_ros.evaluate.trial import Trial
from dreamitate_ros.generate.clip import unpack_clip
from dreamitate_ros.generate.video_file import read_frames
from dreamitate_ros.nodes.bringup import Settings
from dreamitate_ros.nodes.session import Session, crashed, printed
from dreamitate_ros.report import write_report, write_summary
from dreamitate_ros.rig import load_rig
from dreamitate_ros.simulate.seeds import Split, require, split_of
from dreamitate_ros.simulate.tasks import simulated_task
from dreamitate_ros.task import Task, load_task
from dreamitate_ros.tool import load_tool


def demo(task: str, seed: int, episodes: Path) -> int:
    """One trial with the oracle; 0 only when the object really turned."""
    started_s = time.monotonic()
    load_task(task, config_directory())
    split_of(seed)
    settings = Settings(
        simulation=True, generator="oracle", episodes=str(episodes.absolute()), task=task, seed=seed
    )
    with Session(settings, _log_folder(episodes)) as session:
        trial = session.trial(task, seed, printed(), [""] * simulated_task(task).rounds)
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
    """A stored experiment: its tools tracked, its path followed by the arms in the cell."""
    started_s = time.monotonic()
    logs = _log_folder(episodes)
    rig_path = rig or config_directory() / "rigs" / "cell.yaml"
    try:
        _require_usable(load_task(task, config_directory()), directory, rig_path, tools)
    except DreamitateError as error:
        _keep_refusal(error, task, directory, rig_path, episodes)
        raise
    settings = Settings(
        simulation=True,
        rig=str(_with_arms(rig_path, logs)),
        tools=",".join(f"{arm}={path.absolute()}" for arm, path in tools.items()),
        episodes=str(episodes.absolute()),
        task=task,
    )
    with Session(settings, logs) as session:
        trial = session.trial(task, 0, printed(), [str(directory.absolute())])
    if trial.error:
        print(trial.error)
    (only,) = trial.rounds
    errors = " ".join(f"{arm} {mm:.1f}" for arm, mm in only.path_error_mm.items()) or "none"
    print(
        f"episode: {_shown(only.episode)}  success: {str(not trial.error).lower()}"
        f"  path_error_mm: {errors}  wall_s: {time.monotonic() - started_s:.0f}"
    )
    return 0 if not trial.error else 1


def evaluate(task: str, generator: str, seeds: Iterable[int], output: Path) -> int:
    """A trial for each seed, kept in output/trials.json as they finish; prints the table."""
    load_task(task, config_directory())
    output.mkdir(parents=True, exist_ok=True)
    record = output / "trials.json"
    done = {trial.seed: trial for trial in _read(record)}
    wanted = list(seeds)
    left = [seed for seed in wanted if seed not in done]
    require(Split.EVALUATION, wanted)
    settings = Settings(
        simulation=True, generator=generator, episodes=str((output / "episodes").absolute()), task=task,
        seed=wanted[0],
    )  # fmt: skip
    while left:
        with Session(settings, _log_folder(output / "episodes")) as session:
            while left:
                trial = _trial(session, task, left[0])
                done[left.pop(0)] = trial
                print(row(trial), flush=True)
                _write(record, task, generator, [done[seed] for seed in sorted(done)])
                if trial.crash:
                    break  # the graph died with the trial: bring up another
    trials = [done[seed] for seed in wanted]
    print(table(trials))
    print(f"written: {record}")
    return 0


def _trial(session: Session, task: str, seed: int) -> Trial:
    started_s = time.monotonic()
    try:
        return session.trial(task, seed, lambda *_: None, [""] * simulated_task(task).rounds)
    except DreamitateError as error:
        return crashed(seed, error, time.monotonic() - started_s)


def _read(record: Path) -> list[Trial]:
    if not record.is_file():
        return []
    return [Trial.from_json(content) for content in json.loads(record.read_text())["trials"]]


def _write(record: Path, task: str, generator: str, trials: list[Trial]) -> None:
    content = {
        "task": task,
        "generator": generator,
        "summary": summarise(trials),
        "trials": [trial.to_json() for trial in trials],
    }
    unfinished = record.with_suffix(".part")
    unfinished.write_text(json.dumps(content, indent=1) + "\n")
    unfinished.replace(record)


def _require_usable(task: Task, directory: Path, rig_path: Path, tools: Mapping[str, Path]) -> None:
    """Everything that can be told before anything is started; raises DreamitateError."""
    rig = load_rig(rig_path)
    for arm, name in task.arm_tools.items():
        load_tool(arm, tools.get(arm, config_directory() / "tools" / name))
    photos = crop_photos(read_photos(directory), rig.top.width, rig.top.height)
    unpack_clip(read_frames(directory / "clip.mp4"), photos, task.fps, task.frames)


def _keep_refusal(error: DreamitateError, task: str, directory: Path, rig: Path, episodes: Path) -> None:
    episode = Episode.create(episodes, task, {"replay_directory": str(directory), "rig": str(rig)})
    episode.finish(error)
    episode.wait_for_report()
    print(f"episode: {_shown(str(episode.folder))}")


def _with_arms(rig_path: Path, folder: Path) -> Path:
    """A rig file with the given cameras and the cell's arms; theirs are simulated, so their place is exact."""
    content, cell = (
        yaml.safe_load(path.read_text()) for path in (rig_path, config_directory() / "rigs" / "cell.yaml")
    )
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

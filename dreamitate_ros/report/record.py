"""An episode folder read back, whatever is in it: runs that failed or crashed leave only the first files."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from dreamitate_ros import episode_files as files
from dreamitate_ros.rig import Rig, load_rig
from dreamitate_ros.values import ArmTrajectory, Array, Execution, ToolTrack

Value = TypeVar("Value")


@dataclass(frozen=True)
class Record:
    """What is known of an episode; None or empty where a file is missing or unreadable.

    result: result.json. truth: ground truth of the simulated cell. plan: arm -> trajectory.
    """

    folder: Path
    result: dict[str, Any]
    truth: dict[str, Any]
    parameters: dict[str, Any]
    events: list[dict[str, Any]]
    tracks: list[ToolTrack]
    plan: dict[str, ArmTrajectory]
    execution: Execution | None
    rig: Rig | None

    @property
    def task(self) -> str:
        """The task's name."""
        return str(self.parameters.get("task", "unknown task"))


def read_record(folder: Path) -> Record:
    """The record in `folder`; never raises for what is missing or broken in it."""
    from dreamitate_ros.track.tracks_file import read_tracks

    fps = video_fps(folder / files.IMAGINED)
    return Record(
        folder=folder,
        result=_or(dict, lambda path: dict(json.loads(path.read_text())), folder / files.RESULT),
        truth=_or(dict, lambda path: dict(json.loads(path.read_text())), folder / files.TRUTH),
        parameters=_or(dict, lambda path: dict(yaml.safe_load(path.read_text())), folder / files.PARAMETERS),
        events=files.read_events(folder / files.EVENTS),
        tracks=_or(list, lambda path: read_tracks(path, fps), folder / files.TRACKS),
        plan=_or(dict, files.read_plan, folder / files.PLANNED),
        execution=_or(lambda: None, files.read_execution, folder / files.EXECUTED),
        rig=_or(lambda: None, load_rig, folder / files.RIG),
    )


def video_fps(path: Path, default: float = 6.0) -> float:
    """Frames per second of a video file; `default` when it cannot be read."""
    import av

    try:
        with av.open(str(path)) as container:
            return float(container.streams.video[0].average_rate or default)
    except (OSError, av.FFmpegError, IndexError):
        return default


def world_from_tool(record: Record, track: ToolTrack) -> Array:
    """(T, 4, 4) in the world of the episode's rig; of the top camera's frame when the rig has no world."""
    if record.rig is None or record.rig.world_from_top is None:
        return track.top_from_tool
    return record.rig.world_from_top @ track.top_from_tool


def _or(default: Callable[[], Value], read: Callable[[Path], Value], path: Path) -> Value:
    if not path.is_file():
        return default()
    try:
        return read(path)
    except Exception:  # a file cut off by a crash fails in its format's own way
        return default()

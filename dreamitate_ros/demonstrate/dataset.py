"""A data set's folder, in the release's layout and a little more; whenever it is cut off, it can be gone on with.

demonstrations.txt        a line each: top/000007.mp4|||caption; the side video is side/000007.mp4
top/ side/                the videos, frames at the task's fps
tracks/000007.json        where the tools were, as `dreamitate track` writes it
records/000007.json       the seed's figures, or why there is no demonstration of it; written last
dataset.yaml              task, caption, size and fps of all of them
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dreamitate_ros.episode_files import plain
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.train.demonstrations import SEPARATOR
from dreamitate_ros.generate.video_file import write_frames
from dreamitate_ros.task import Task
from dreamitate_ros.track.tracks_file import write_tracks
from dreamitate_ros.values import StereoVideo, ToolTrack
from dreamitate_ros.whole_file import whole, write_whole

LIST, SETTINGS = "demonstrations.txt", "dataset.yaml"
FOLDERS = ("top", "side", "tracks", "records")
QUALITY = 12  # H.264's crf: what is learnt from must not show the codec


@dataclass(frozen=True)
class Dataset:
    """folder: of all of it. size_px: width and height of the frames."""

    folder: Path
    caption: str
    size_px: tuple[int, int]

    @classmethod
    def open(cls, folder: Path, task: Task, size_px: tuple[int, int]) -> "Dataset":
        """A new data set, or one begun earlier with the same settings; raises INVALID_PARAMETER for others."""
        settings = {"task": task.name, "caption": task.prompt, "size_px": list(size_px), "fps": task.fps}
        path = folder / SETTINGS
        found = yaml.safe_load(path.read_text()) if path.is_file() else None
        if found is not None and found != settings:
            raise DreamitateError(
                ErrorCode.INVALID_PARAMETER,
                f"{folder} holds another data set ({found}), asked for is {settings}; name another folder",
            )
        try:
            for name in FOLDERS:
                (folder / name).mkdir(parents=True, exist_ok=True)
            if found is None:
                write_whole(path, yaml.safe_dump(settings, sort_keys=False))
        except OSError as error:
            raise DreamitateError(ErrorCode.INVALID_PARAMETER, f"cannot write to {folder}: {error}") from None
        return cls(folder, task.prompt, size_px)

    def records(self) -> dict[int, dict[str, Any]]:
        """Seed -> record, of all seeds that were tried to their end."""
        paths = sorted((self.folder / "records").glob("*.json"))
        return {int(path.stem): json.loads(path.read_text()) for path in paths}

    def keep(
        self, seed: int, video: StereoVideo, tracks: list[ToolTrack], facts: dict[str, Any]
    ) -> dict[str, Any]:
        """Write a demonstration; nobody ever sees half of one. Returns its record."""
        for view, frames in (("top", video.top), ("side", video.side)):
            with whole(self._path(view, seed, "mp4")) as part:
                write_frames(part, frames, video.fps, crf=QUALITY)
        with whole(self._path("tracks", seed, "json")) as part:
            write_tracks(part, tracks)
        return self._keep_record(seed, {"demonstrated": True, **facts})

    def keep_failure(self, seed: int, reason: str) -> dict[str, Any]:
        """Write down why there is no demonstration of a seed. Returns its record."""
        return self._keep_record(seed, {"demonstrated": False, "reason": reason})

    def write_list(self) -> int:
        """The list file, of all demonstrations kept so far; returns how many."""
        seeds = [seed for seed, record in self.records().items() if record["demonstrated"]]
        lines = [f"top/{seed:06d}.mp4{SEPARATOR}{self.caption}\n" for seed in seeds]
        write_whole(self.folder / LIST, "".join(lines))
        return len(seeds)

    def _keep_record(self, seed: int, record: dict[str, Any]) -> dict[str, Any]:
        content = {"seed": seed, **record}
        write_whole(self._path("records", seed, "json"), json.dumps(plain(content)) + "\n")
        return content

    def _path(self, folder: str, seed: int, suffix: str) -> Path:
        return self.folder / folder / f"{seed:06d}.{suffix}"

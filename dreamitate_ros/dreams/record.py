"""What a dream leaves in the episode's folder: its video, the tools in it, the plan, and the verdict."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dreamitate_ros import episode_files as files
from dreamitate_ros.dreams.choose import Dream
from dreamitate_ros.generate.video_file import write_frames
from dreamitate_ros.values import ArmTrajectory, Image, StereoVideo, ToolTrack

Record = Callable[[str, Callable[[Path], Any]], None]
"""Writes a file of the episode by its name, with what writes to a path; never raises."""


class DreamRecord:
    """folder: of this dream, in the episode's. Methods may be called from any thread."""

    def __init__(self, folder: str, record: Record) -> None:
        self._folder, self._record_file = folder, record

    def save_video(self, video: StereoVideo) -> None:
        """imagined.mp4, top and side view next to each other."""
        self._record(
            files.IMAGINED,
            lambda path: write_frames(path, np.concatenate([video.top, video.side], axis=2), video.fps),
        )

    def save_overlay(self, frames: Image, fps: float) -> None:
        """overlay.mp4 of frames (T, H, 2W, 3) uint8 RGB."""
        self._record(files.OVERLAY, lambda path: write_frames(path, frames, fps))

    def save_tracks(self, tracks: Sequence[ToolTrack]) -> None:
        """tracks.json."""

        def write(path: Path) -> None:
            from dreamitate_ros.track.tracks_file import write_tracks

            write_tracks(path, tracks)

        self._record(files.TRACKS, write)

    def save_plan(self, trajectories: Mapping[str, ArmTrajectory]) -> None:
        """planned.npz of arm -> trajectory."""
        self._record(files.PLANNED, lambda path: files.write_plan(path, trajectories))

    def save_verdict(self, dream: Dream[Any]) -> None:
        """verdict.json: seed, scores, and why it was refused, "" when it was not."""
        verdict = dream.verdict
        content = {
            "seed": dream.seed,
            "score": verdict.score,
            "scores": dict(verdict.scores),
            "refusal": ""
            if verdict.refusal is None
            else f"{verdict.refusal.code.name}: {verdict.refusal.message}",
        }
        self._record(
            files.VERDICT, lambda path: path.write_text(json.dumps(files.plain(content), indent=2) + "\n")
        )

    def _record(self, name: str, write: Callable[[Path], Any]) -> None:
        def write_within(path: Path) -> None:
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path)

        self._record_file(f"{self._folder}/{name}", write_within)

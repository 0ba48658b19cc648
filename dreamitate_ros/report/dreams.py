"""The dreams of an episode: how each was judged, and its last time as a picture."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dreamitate_ros import episode_files as files
from dreamitate_ros.generate.video_file import read_frames
from dreamitate_ros.report.pictures import picture
from dreamitate_ros.report.record import Record


@dataclass(frozen=True)
class JudgedDream:
    """number: from 1. refusal: "" where it was fit. picture: data URL of its last time, top | side; None without.

    acted_out: how many dreams were, by their mean, where this is the one that was chosen to show; else 0.
    """

    number: int
    acted_out: int
    seed: int
    score: float
    scores: Mapping[str, float]
    refusal: str
    picture: str | None


def judged_dreams(record: Record) -> list[JudgedDream]:
    """Those with a verdict, in the order of imagining."""
    chosen = {
        event["dream"]: event.get("mean_of", 1) for event in record.events if event.get("event") == "chosen"
    }
    return [
        JudgedDream(
            number=int(folder.name),
            acted_out=chosen.get(int(folder.name), 0),
            picture=_last_time(folder),
            **json.loads((folder / files.VERDICT).read_text()),
        )
        for folder in files.dream_folders(record.folder)
        if (folder / files.VERDICT).is_file()
    ]


def _last_time(folder: Path) -> str | None:
    for name in (files.OVERLAY, files.IMAGINED):
        if (folder / name).is_file():
            return picture(read_frames(folder / name)[-1])
    return None

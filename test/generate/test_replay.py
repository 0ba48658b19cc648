"""Replaying a stored clip, and video files."""

from pathlib import Path

import numpy as np
import pytest

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.generate.replay import ReplayGenerator
from dreamitate_ros.generate.video_file import read_frames, write_frames
from dreamitate_ros.task import Task
from dreamitate_ros.values import StereoImage

TASK = Task("t", "prompt", {"left": "block_left"}, 6.0, 3, 0.5, 30.0, 0.5, ((-1, 1),) * 3)
PHOTOS = StereoImage(np.zeros((32, 48, 3), np.uint8), np.zeros((32, 48, 3), np.uint8))


def colour_clip(count: int) -> np.ndarray:
    levels = np.linspace(20, 235, count).astype(np.uint8)
    return levels[:, None, None, None].repeat(32, 1).repeat(48, 2).repeat(3, 3)


def silent(fraction: float, text: str) -> None:
    assert 0 <= fraction <= 1


def test_a_video_file_keeps_its_frames(tmp_path: Path) -> None:
    write_frames(tmp_path / "clip.mp4", colour_clip(5), fps=6.0)
    read = read_frames(tmp_path / "clip.mp4")
    assert read.shape == (5, 32, 48, 3)
    assert np.abs(read.astype(int) - colour_clip(5)).max() <= 6


def test_replay_unpacks_the_stored_clip(tmp_path: Path) -> None:
    write_frames(tmp_path / "clip.mp4", colour_clip(5), fps=6.0)
    video = ReplayGenerator(tmp_path).generate(PHOTOS, TASK, 0, silent, lambda: False)
    assert video.top.shape == video.side.shape == (3, 32, 48, 3)


def test_an_episode_is_replayed_from_what_it_imagined(tmp_path: Path) -> None:
    frames = colour_clip(3)
    write_frames(tmp_path / "imagined.mp4", np.concatenate([frames, 255 - frames], axis=2), fps=6.0)
    video = ReplayGenerator(tmp_path).generate(PHOTOS, TASK, 0, silent, lambda: False)
    assert np.abs(video.top.astype(int) - frames).max() <= 8
    assert np.abs(video.side[1:].astype(int) - (255 - frames[1:])).max() <= 8
    assert not video.side[0].any()  # the photo, as always


def test_a_small_models_video_is_replayed_at_its_size(tmp_path: Path) -> None:
    frames = colour_clip(3)[:, :16, :24]
    write_frames(tmp_path / "imagined.mp4", np.concatenate([frames, frames], axis=2), fps=6.0)
    video = ReplayGenerator(tmp_path).generate(PHOTOS, TASK, 0, silent, lambda: False)
    assert video.top.shape == video.side.shape == (3, 16, 24, 3)


def test_replay_can_be_cancelled(tmp_path: Path) -> None:
    write_frames(tmp_path / "clip.mp4", colour_clip(5), fps=6.0)
    with pytest.raises(Cancelled):
        ReplayGenerator(tmp_path).generate(PHOTOS, TASK, 0, silent, lambda: True)


@pytest.mark.parametrize("content", [None, b"not a video"])
def test_an_unreadable_clip_is_named(tmp_path: Path, content: bytes | None) -> None:
    if content:
        (tmp_path / "clip.mp4").write_bytes(content)
    with pytest.raises(DreamitateError, match=r"clip\.mp4") as caught:
        ReplayGenerator(tmp_path).generate(PHOTOS, TASK, 0, silent, lambda: False)
    assert caught.value.code == ErrorCode.UNREADABLE_VIDEO

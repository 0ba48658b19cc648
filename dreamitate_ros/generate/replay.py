"""A stored clip in place of imagination: the video some model generated earlier for these photos."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dreamitate_ros import episode_files as files
from dreamitate_ros.errors import Cancelled
from dreamitate_ros.generate.clip import pack_clip, unpack_clip
from dreamitate_ros.generate.frame_size import shrunk
from dreamitate_ros.generate.video_file import read_frames
from dreamitate_ros.task import Task
from dreamitate_ros.values import Image, Progress, StereoImage, StereoVideo, Stop


@dataclass(frozen=True)
class ReplayGenerator:
    """directory: holds clip.mp4, packed as generate/clip.py says; or an episode's imagined.mp4, top | side."""

    directory: Path

    def generate(
        self, photos: StereoImage, task: Task, seed: int, progress: Progress, stop: Stop
    ) -> StereoVideo:
        """The stored video; `seed` changes nothing. Raises UNREADABLE_VIDEO, WRONG_CLIP_LENGTH or _SIZE."""
        progress(0.0, "reading the stored clip")
        clip, imagined = self.directory / "clip.mp4", self.directory / files.IMAGINED
        frames = _packed(read_frames(imagined)) if imagined.is_file() else read_frames(clip)
        if stop():
            raise Cancelled("replay")
        progress(1.0, f"{len(frames)} frames read")
        height, width = frames.shape[1:3]
        return unpack_clip(frames, shrunk(photos, (width, height)), task.fps, task.frames)


def _packed(frames: Image) -> Image:
    """(2 T - 1, H, W, 3) the clip in frames (T, H, 2 W, 3) of both views next to each other."""
    top, side = np.split(frames, 2, axis=2)
    return pack_clip(StereoVideo(top, side, 1.0))

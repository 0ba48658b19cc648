"""A stored clip in place of imagination: the video some model generated earlier for these photos."""

from dataclasses import dataclass
from pathlib import Path

from dreamitate_ros.errors import Cancelled
from dreamitate_ros.generate.clip import unpack_clip
from dreamitate_ros.generate.video_file import read_frames
from dreamitate_ros.task import Task
from dreamitate_ros.values import Progress, StereoImage, StereoVideo, Stop


@dataclass(frozen=True)
class ReplayGenerator:
    """directory: holds clip.mp4, packed as generate/clip.py says."""

    directory: Path

    def generate(
        self, photos: StereoImage, task: Task, seed: int, progress: Progress, stop: Stop
    ) -> StereoVideo:
        """The stored video; `seed` changes nothing. Raises UNREADABLE_VIDEO, WRONG_CLIP_LENGTH or _SIZE."""
        progress(0.0, "reading the stored clip")
        frames = read_frames(self.directory / "clip.mp4")
        if stop():
            raise Cancelled("replay")
        progress(1.0, f"{len(frames)} frames read")
        return unpack_clip(frames, photos, task.fps, task.frames)

"""The diffusion model as a generator of the stage."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.frame_size import enlarged, shrunk
from dreamitate_ros.generate.diffusion.load import load_pipeline
from dreamitate_ros.generate.diffusion.pipeline import ShowPreview, StereoVideoPipeline
from dreamitate_ros.generate.diffusion.settings import (
    MEMORY,
    Memory,
    Sampling,
    memory_preset,
    sampling_preset,
)
from dreamitate_ros.task import Task
from dreamitate_ros.values import Progress, StereoImage, StereoVideo, Stop


@dataclass
class DiffusionGenerator:
    """Imagines with a loaded pipeline, one video at a time. show: where previews go after each step.

    memory is replaced by a smaller one where the device runs out of it, and stays so.
    """

    pipeline: StereoVideoPipeline
    sampling: Sampling
    memory: Memory
    show: ShowPreview = lambda clip: None

    @staticmethod
    def load(
        folder: Path, sampling: str = "paper", memory: str = "24GB", device: str = "auto"
    ) -> "DiffusionGenerator":
        """From a model folder, by the presets' names (settings.py). device: "cpu", "cuda" or "auto"."""
        chosen = memory_preset(memory)
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        return DiffusionGenerator(load_pipeline(folder, chosen, device), sampling_preset(sampling), chosen)

    def warm_up(self, width: int, height: int, times: int) -> None:
        """Two steps on black photos, so that the first goal does not pay for what a device sets up once."""
        black = np.zeros((height, width, 3), np.uint8)
        warm = replace(self, sampling=replace(self.sampling, steps=2), show=lambda clip: None)
        warm._imagine(StereoImage(black, black), "", 0, 1, times, 6.0, lambda *_: None, lambda: False)
        self.memory = warm.memory

    def generate(
        self, photos: StereoImage, task: Task, seed: int, progress: Progress, stop: Stop
    ) -> StereoVideo:
        """The video of seed `seed`; see StereoVideoPipeline. Raises OUT_OF_MEMORY where no preset helps."""
        return self.generate_several(photos, task, seed, 1, progress, stop)[0]

    def generate_several(
        self, photos: StereoImage, task: Task, seed: int, samples: int, progress: Progress, stop: Stop
    ) -> list[StereoVideo]:
        """The videos of seeds seed, seed + 1, ...: to choose the most consistent one from.

        A model made for frames of one size sees the photos at it, and its videos are enlarged to theirs.
        """
        small = shrunk(photos, self.pipeline.native_size)
        videos = self._imagine(small, task.prompt, seed, samples, task.frames, task.fps, progress, stop)
        return [enlarged(video, photos) for video in videos]

    def _imagine(
        self,
        photos: StereoImage,
        prompt: str,
        seed: int,
        samples: int,
        times: int,
        fps: float,
        progress: Progress,
        stop: Stop,
    ) -> list[StereoVideo]:
        while True:
            try:
                return self.pipeline(
                    photos,
                    prompt,
                    seed=seed,
                    samples=samples,
                    times=times,
                    fps=fps,
                    sampling=self.sampling,
                    memory=self.memory,
                    progress=progress,
                    show=self.show,
                    stop=stop,
                )
            except torch.OutOfMemoryError:
                torch.cuda.empty_cache()
                self.memory = _smaller(self.memory)


def _smaller(memory: Memory) -> Memory:
    """The next preset that decodes fewer frames at once; the loaded weights stay where they are."""
    by_size = sorted(MEMORY.values(), key=lambda preset: -preset.decode_window)
    for preset in by_size:
        if preset.decode_window < memory.decode_window:
            return replace(preset, offload=memory.offload, dtype=memory.dtype)
    raise DreamitateError(
        ErrorCode.OUT_OF_MEMORY,
        f"the device's memory does not suffice even for {memory.decode_window} frames at once; load the model"
        " with the memory preset '8GB', which keeps one component on the device at a time, or use smaller photos",
    )

"""The diffusion model as a generator of the stage."""

import resource
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.compiled import compile_blocks
from dreamitate_ros.generate.diffusion.load import load_pipeline, place
from dreamitate_ros.generate.diffusion.pipeline import ShowPreview, StereoVideoPipeline
from dreamitate_ros.generate.diffusion.settings import (
    MEMORY,
    Memory,
    Sampling,
    memory_preset,
    sampling_preset,
)
from dreamitate_ros.generate.frame_size import shrunk
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
        folder: Path,
        sampling: str = "paper",
        memory: str = "24GB",
        device: str = "auto",
        *,
        steps: int = 0,
        solver: str = "",
        compiled: bool = False,
    ) -> "DiffusionGenerator":
        """From a model folder, by the presets' names (settings.py). device: "cpu", "cuda" or "auto".

        steps, solver: in place of the preset's; 0 and "" leave them.
        compiled: the UNet's blocks go through torch.compile, which takes minutes in the first pass over them.
        Raises DreamitateError(INVALID_PARAMETER) for what is unknown, absent or damaged; OUT_OF_MEMORY.
        """
        chosen, how = memory_preset(memory), sampling_preset(sampling, steps, solver)
        try:
            pipeline = load_pipeline(folder, chosen, chosen_device(device))
        except torch.OutOfMemoryError:
            raise _too_small(memory) from None
        if compiled:
            compile_blocks(pipeline.unet)
        return DiffusionGenerator(pipeline, how, chosen)

    def warm_up(self, width: int, height: int, times: int) -> None:
        """Two steps on black photos, so that the first goal does not pay for what a device sets up once.

        A preset that does not fit is replaced here already. width, height: of the photos to come.
        """
        black = np.zeros((height, width, 3), np.uint8)
        photos = shrunk(StereoImage(black, black), self.pipeline.native_size)
        warm = replace(self, sampling=replace(self.sampling, steps=2), show=lambda clip: None)
        warm._imagine(photos, "", 0, 1, times, 6.0, lambda *_: None, lambda: False)
        self.memory = warm.memory

    @property
    def is_on_gpu(self) -> bool:
        """Whether it computes on a GPU, wherever its weights wait."""
        return bool(self.pipeline._execution_device.type == "cuda")

    @property
    def memory_gb(self) -> float:
        """The most that it has held so far, of the GPU's memory or, on a CPU, of the whole process, GB."""
        if self.is_on_gpu:
            return torch.cuda.max_memory_allocated() / 1e9
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9

    def generate(
        self, photos: StereoImage, task: Task, seed: int, progress: Progress, stop: Stop
    ) -> StereoVideo:
        """The video of seed `seed`; see StereoVideoPipeline. Raises OUT_OF_MEMORY where no preset helps."""
        return self.generate_several(photos, task, seed, 1, progress, stop)[0]

    def generate_several(
        self, photos: StereoImage, task: Task, seed: int, samples: int, progress: Progress, stop: Stop
    ) -> list[StereoVideo]:
        """The videos of seeds seed, seed + 1, ...: to choose the most consistent one from.

        A model made for frames of one size sees the photos at it, and its videos have that size. Time 0 of both
        views is the photo.
        """
        small = shrunk(photos, self.pipeline.native_size)
        videos = self._imagine(small, task.prompt, seed, samples, task.frames, task.fps, progress, stop)
        return [replace(video, top=np.concatenate([small.top[None], video.top[1:]])) for video in videos]

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
                smaller = _smaller(self.memory)
            self._change(smaller)  # outside of the handler, whose traceback holds on to what did not fit

    def _change(self, memory: Memory) -> None:
        torch.cuda.empty_cache()
        if memory.offload != self.memory.offload and self.is_on_gpu:
            place(self.pipeline, memory.offload, "cuda")
        self.memory = memory


def chosen_device(name: str) -> str:
    """One of "cpu" and "cuda"; "auto" is a GPU where there is one. Raises DreamitateError(INVALID_PARAMETER)."""
    has_gpu = torch.cuda.is_available()
    if name == "auto":
        return "cuda" if has_gpu else "cpu"
    if name not in ("cpu", "cuda"):
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, f"there is no device '{name}'; known: auto, cpu, cuda"
        )
    if name == "cuda" and not has_gpu:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, "PyTorch sees no CUDA GPU here; use the device 'cpu' or 'auto'"
        )
    return name


def _smaller(memory: Memory) -> Memory:
    """The next preset that decodes fewer frames at once; the loaded weights keep their precision."""
    for preset in sorted(MEMORY.values(), key=lambda preset: -preset.decode_window):
        if preset.decode_window < memory.decode_window:
            return replace(preset, dtype=memory.dtype)
    raise _too_small("8GB")


def _too_small(preset: str) -> DreamitateError:
    """What the device has, and what would fit."""
    has = ""
    if torch.cuda.is_available():
        free, total = torch.cuda.mem_get_info()
        has = f" ({free / 1e9:.1f} of {total / 1e9:.1f} GB free)"
    fits = (
        "load the model with the memory preset '8GB'"
        if preset != "8GB"
        else "end what else uses it, use smaller photos, or take a device of 8 GB and more"
    )
    return DreamitateError(
        ErrorCode.OUT_OF_MEMORY,
        f"the device's memory{has} does not suffice even with the preset '{preset}': {fits}",
    )

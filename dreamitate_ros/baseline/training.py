"""Training the baseline, in the same loop as the video model: `trains: baseline` in a training's file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from accelerate import Accelerator
from torch import Tensor, nn

from dreamitate_ros.baseline.labels import TRUE, read_labels
from dreamitate_ros.baseline.network import NOISE_STEPS, PolicyNetwork
from dreamitate_ros.baseline.paths import fit_code, numbers_of
from dreamitate_ros.baseline.photos import cut_out, photos_tensor
from dreamitate_ros.baseline.policy import BaselinePolicy
from dreamitate_ros.baseline.settings import NetworkSize, PolicySettings
from dreamitate_ros.capture.framing import crop_image
from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.train.batches import clips_of_batch, draws
from dreamitate_ros.generate.diffusion.train.config import BaselineTrainingConfig
from dreamitate_ros.generate.diffusion.train.cut_outs import draw_below
from dreamitate_ros.generate.diffusion.train.demonstrations import Demonstration, list_demonstrations
from dreamitate_ros.generate.diffusion.train.jitter import Jitter, draw_jitter, jittered
from dreamitate_ros.generate.diffusion.train.loop import accelerate, prepare, run
from dreamitate_ros.generate.video_file import read_frames
from dreamitate_ros.geometry import angle_rad, inverse
from dreamitate_ros.values import Array, Image, Progress, Stop, ToolTrack

FPS = 1.0
"""Paths are learnt by the video's times, whatever those are in seconds."""


@dataclass(frozen=True)
class Lesson:
    """A demonstration as the baseline sees it, and its top video.

    photos: (2, height, width, 3) uint8 RGB. tracks: of its tools.
    """

    video: Path
    photos: Image
    tracks: list[ToolTrack]


@dataclass(frozen=True)
class LessonBatch:
    """photos: (B, 2, 3, H, W). paths: (B, T - 1, P). noise: (B, N, T - 1, P). step: (B, N) of the noise."""

    photos: Tensor
    paths: Tensor
    noise: Tensor
    step: Tensor


class BaselineLoss(nn.Module):
    """The loss as one module."""

    def __init__(self, network: PolicyNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: LessonBatch) -> Tensor:
        """(B,) of each demonstration."""
        return self.network.loss(batch.photos, batch.paths, batch.noise, batch.step)


def train_baseline(
    config: BaselineTrainingConfig, progress: Progress, stop: Stop, say: Callable[[str], None], cpu: bool
) -> Path:
    """Train to config.steps, from the newest checkpoint where there is one; returns the trained folder.

    Raises Cancelled after saving a checkpoint, and DreamitateError for data that cannot be learnt from.
    """
    accelerator = accelerate(config, cpu, say)
    demonstrations = list_demonstrations(config.demonstrations)
    lessons = _lessons(demonstrations, config, config.labels, progress, stop)
    say(f"{len(lessons)} of {len(demonstrations)} demonstrations have {config.labels} poses")
    code = fit_code([lesson.tracks for lesson in lessons])
    torch.manual_seed(config.seed)
    size = NetworkSize(config.resnet, (config.channels, 2 * config.channels), code.width)
    network = PolicyNetwork(size)
    paths = np.stack([code.encode(numbers_of(lesson.tracks)) for lesson in lessons])

    def batch_at(position: int) -> LessonBatch:
        return make_batch(lessons, paths, position, config, accelerator)

    clips = [lesson.video for lesson in lessons]
    training = prepare(config, accelerator, clips, batch_at, BaselineLoss(network))
    run(training, progress if accelerator.is_main_process else lambda *_: None, stop)
    training.use_average()
    folder = config.output / "model"
    if accelerator.is_main_process:
        settings = PolicySettings(size, code, config.width, config.height, config.crop_share)
        policy = BaselinePolicy(network.cpu().eval(), settings)
        policy.save(folder)
        if config.held_out is not None:
            held_out = _lessons(list_demonstrations(config.held_out), config, TRUE, progress, stop)
            say(f"paths of {len(held_out)} held-out demonstrations: {path_errors(policy, held_out)}")
    return folder


def make_batch(
    lessons: list[Lesson],
    paths: Array,
    position: int,
    config: BaselineTrainingConfig,
    accelerator: Accelerator,
) -> LessonBatch:
    """The batch at `position` of the whole training; paths: (N, T - 1, P) coded, of all lessons."""
    generator = draws(config.seed, position, "noise")
    chosen = clips_of_batch(len(lessons), config.batch, position, config.seed)
    strength = Jitter(config.brightness, config.contrast, config.saturation)
    photos = []
    for index in chosen:
        jitter = draw_jitter(strength, draw_below(2**31, generator))
        top, side = jittered(lessons[index].photos, jitter)
        whole = photos_tensor(top, side, config.width, config.height)
        photos.append(cut_out(whole, config.crop_share, torch.rand((2, 2), generator=generator)))
    noise = torch.randn((len(chosen), config.noises, *paths.shape[1:]), generator=generator)
    step = torch.randint(NOISE_STEPS, (len(chosen), config.noises), generator=generator)
    device = accelerator.device
    return LessonBatch(
        torch.stack(photos).to(device),
        torch.from_numpy(paths[chosen]).float().to(device),
        noise.to(device),
        step.to(device),
    )


def path_errors(policy: BaselinePolicy, lessons: list[Lesson]) -> str:
    """How far the policy's paths are from the demonstrated ones, in words; there is more than one good path."""
    mm, deg = list[float](), list[float]()
    for lesson in lessons:
        top, side = lesson.photos
        for track, true in zip(policy.paths(top, side, FPS), lesson.tracks, strict=True):
            for time in np.flatnonzero(track.present & true.present):
                away = inverse(true.top_from_tool[time]) @ track.top_from_tool[time]
                mm.append(1e3 * float(np.linalg.norm(away[:3, 3])))
                deg.append(float(np.degrees(angle_rad(away))))
    return f"median {np.median(mm):.1f} mm {np.median(deg):.1f} deg"


def _lessons(
    demonstrations: list[Demonstration],
    config: BaselineTrainingConfig,
    labels: str,
    progress: Progress,
    stop: Stop,
) -> list[Lesson]:
    """Those whose tools are known."""
    lessons = []
    for index, demonstration in enumerate(demonstrations):
        if stop():
            raise Cancelled("training")
        progress(index / len(demonstrations), "reading the demonstrations")
        if tracks := read_labels(demonstration, labels, FPS):
            lessons.append(Lesson(demonstration.top, _photos(demonstration, config), tracks))
    if not lessons:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, "in none of the demonstrations could the tools be tracked"
        )
    return lessons


def _photos(demonstration: Demonstration, config: BaselineTrainingConfig) -> Image:
    views = (demonstration.top, demonstration.side)
    return np.stack([crop_image(read_frames(view)[0], config.width, config.height) for view in views])

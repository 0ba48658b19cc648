"""What the model in training imagines for held-out demonstrations: to look at, and to track the tools in."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from dreamitate_ros.generate.diffusion.pipeline import StereoVideoPipeline
from dreamitate_ros.generate.diffusion.settings import MEMORY, Sampling
from dreamitate_ros.generate.diffusion.train.config import UnetTrainingConfig
from dreamitate_ros.generate.diffusion.train.held_out import HeldOut, total
from dreamitate_ros.generate.diffusion.train.log import TrainingLog
from dreamitate_ros.generate.diffusion.train.loop import Training
from dreamitate_ros.generate.diffusion.train.pose_errors import PoseErrors
from dreamitate_ros.values import Image, StereoImage, StereoVideo, Stop


def show_samples(
    training: Training,
    config: UnetTrainingConfig,
    pipeline: StereoVideoPipeline,
    held_out: HeldOut,
    log: TrainingLog,
    step: int,
    stop: Stop,
) -> PoseErrors:
    """Imagine with the moving average of the weights, track, and write down videos and errors.

    The seeds are the same each time, and the training's own draws are left as they are.
    """
    errors = []
    with _averaged(training, pipeline):
        for index in range(min(config.samples, len(held_out))):
            truth = held_out.video(index)
            video = imagined(pipeline, truth, held_out.demonstrations[index].caption, config, index, stop)
            log.video(step, f"held_out_{index}", beside(video, truth), truth.fps)
            errors.append(held_out.errors(video, index, stop))
    found = total(errors)
    share = found.believed / found.wanted if found.wanted else 0.0
    curves = {"tool/believed_share": share, "tool/refused_share": found.refused / found.videos}
    if found.believed:
        curves |= {"tool/median_mm": found.median_mm, "tool/median_deg": found.median_deg}
    if len(found.found):
        mm, deg = np.median(found.found, axis=0)
        curves |= {"tool/median_mm_believed_or_not": mm, "tool/median_deg_believed_or_not": deg}
    log.curves(step, curves)
    log.flush()
    return found


def imagined(
    pipeline: StereoVideoPipeline,
    truth: StereoVideo,
    caption: str,
    config: UnetTrainingConfig,
    seed: int,
    stop: Stop,
) -> StereoVideo:
    """The model's video for the photos of a demonstration."""
    sampling = Sampling(
        steps=config.sample_steps,
        fps_id=config.fps_id,
        motion_bucket_id=config.motion_bucket_id,
        noise_augmentation=config.noise_augmentation,
    )
    return pipeline(
        StereoImage(truth.top[0], truth.side[0]),
        caption,
        seed=seed,
        times=len(truth.top),
        fps=truth.fps,
        sampling=sampling,
        memory=MEMORY["14GB"],
        stop=stop,
    )[0]


def beside(video: StereoVideo, truth: StereoVideo) -> Image:
    """(T, 2 H, 2 W, 3): imagined in the left column, demonstrated in the right; top view above, side view below."""
    return np.concatenate(
        [
            np.concatenate([video.top, truth.top], axis=2),
            np.concatenate([video.side, truth.side], axis=2),
        ],
        axis=1,
    )


@contextmanager
def _averaged(training: Training, pipeline: StereoVideoPipeline) -> Iterator[None]:
    """The network as it would be saved now."""
    pipeline.unet.eval()
    if training.average is not None:
        training.average.store(training.parameters)
        training.average.copy_to(training.parameters)
    try:
        yield
    finally:
        if training.average is not None:
            training.average.restore(training.parameters)
        pipeline.unet.train()

"""`dreamitate train`, from its settings to the trained model's folder."""

import math
from collections.abc import Callable
from pathlib import Path

from accelerate import Accelerator

from dreamitate_ros.baseline.training import train_baseline
from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.load import load_pipeline
from dreamitate_ros.generate.diffusion.pipeline import StereoVideoPipeline
from dreamitate_ros.generate.diffusion.settings import MEMORY
from dreamitate_ros.generate.diffusion.train import unet, vae
from dreamitate_ros.generate.diffusion.train.config import (
    BaselineTrainingConfig,
    LoopConfig,
    TrainingConfig,
    UnetTrainingConfig,
    VaeTrainingConfig,
)
from dreamitate_ros.generate.diffusion.train.demonstrations import list_demonstrations
from dreamitate_ros.generate.diffusion.train.held_out import HeldOut, judge_autoencoder, load_held_out
from dreamitate_ros.generate.diffusion.train.log import TrainingLog
from dreamitate_ros.generate.diffusion.train.loop import Show, Training, accelerate, run
from dreamitate_ros.generate.diffusion.train.pose_errors import PoseErrors
from dreamitate_ros.generate.diffusion.train.samples import show_samples
from dreamitate_ros.values import Progress, Stop

Say = Callable[[str], None]


def train(config: LoopConfig, progress: Progress, stop: Stop, *, say: Say = print, cpu: bool = False) -> Path:
    """Train to config.steps, from the newest checkpoint where there is one; returns the trained model's folder.

    Raises Cancelled after saving a checkpoint; DreamitateError for bad data, an autoencoder that fails its gate, or
    a loss that is not finite (the last checkpoint is kept).
    """
    if isinstance(config, BaselineTrainingConfig):
        return train_baseline(config, progress, stop, say, cpu)
    assert isinstance(config, TrainingConfig)
    accelerator = accelerate(config, cpu, say)
    if not accelerator.is_main_process:
        progress, say = lambda fraction, text: None, lambda line: None
    demonstrations = list_demonstrations(config.demonstrations)
    held_out = load_held_out(config.held_out, config) if config.held_out else None
    pipeline = load_pipeline(config.model, MEMORY["exact"], str(accelerator.device))
    if isinstance(config, UnetTrainingConfig):
        _pass_gate(config, accelerator, pipeline, held_out, say, progress, stop)
        training = unet.prepare_unet(config, accelerator, pipeline, demonstrations, progress, stop)
        run(training, progress, stop, _sampler(training, config, pipeline, held_out, say, stop))
    elif isinstance(config, VaeTrainingConfig):
        training = vae.prepare_vae(config, accelerator, pipeline, demonstrations, progress, stop)
        run(training, progress, stop)
    training.use_average()
    accelerator.wait_for_everyone()
    folder = config.output / "model"
    if not accelerator.is_main_process:
        return folder
    if isinstance(config, UnetTrainingConfig):
        unet.save_trained(pipeline, config.model, folder)
        return folder
    vae.save_trained(pipeline, training.clips, folder)
    if held_out is not None:
        judge_autoencoder(pipeline.vae, held_out, say, progress, stop)
    return folder


def _sampler(
    training: Training,
    config: UnetTrainingConfig,
    pipeline: StereoVideoPipeline,
    held_out: HeldOut | None,
    say: Say,
    stop: Stop,
) -> Show:
    """Imagines for held-out demonstrations, every so often."""

    def show(log: TrainingLog, step: int) -> None:
        if held_out is None or config.sample_every == 0 or step % config.sample_every:
            return
        try:
            say(f"step {step}: {show_samples(training, config, pipeline, held_out, log, step, stop)}")
        except Cancelled:
            return  # the loop sees the stop too, and saves a checkpoint first

    return show


def _pass_gate(
    config: UnetTrainingConfig,
    accelerator: Accelerator,
    pipeline: StereoVideoPipeline,
    held_out: HeldOut | None,
    say: Say,
    progress: Progress,
    stop: Stop,
) -> None:
    """Judges the autoencoder once, before the first step; raises GENERATION_FAILED where it is not good enough."""
    is_begun = (config.output / "checkpoints").exists()
    if held_out is None or is_begun or not accelerator.is_main_process:
        return
    _require_good(config, judge_autoencoder(pipeline.vae, held_out, say, progress, stop))


def _require_good(config: UnetTrainingConfig, errors: PoseErrors) -> None:
    mm = math.inf if config.gate_mm is None else config.gate_mm
    deg = math.inf if config.gate_deg is None else config.gate_deg
    is_ungated = math.isinf(mm) and math.isinf(deg)
    if is_ungated or (errors.median_mm <= mm and errors.median_deg <= deg):
        return
    raise DreamitateError(
        ErrorCode.GENERATION_FAILED,
        f"the autoencoder of {config.model} is not ready: in its reconstructions the tools are off by"
        f" {errors.median_mm:.1f} mm and {errors.median_deg:.1f} deg in the median, at most {mm:g} mm and {deg:g} deg"
        " are allowed (gate_mm, gate_deg); train it longer (trains: vae)",
    )

"""The training loop, on Accelerate: one CPU to many GPUs, by how it is launched."""

import json
import math
import shutil
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from accelerate import Accelerator
from diffusers import AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel
from diffusers.training_utils import EMAModel
from torch import Tensor, nn

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.denoise import denoising_loss
from dreamitate_ros.generate.diffusion.load import load_pipeline
from dreamitate_ros.generate.diffusion.pipeline import StereoVideoPipeline
from dreamitate_ros.generate.diffusion.settings import MEMORY
from dreamitate_ros.generate.diffusion.train.batches import Batch, make_batch
from dreamitate_ros.generate.diffusion.train.checkpoints import resume, save_checkpoint
from dreamitate_ros.generate.diffusion.train.config import TrainingConfig
from dreamitate_ros.generate.diffusion.train.demonstrations import list_demonstrations
from dreamitate_ros.generate.diffusion.train.latent_cache import encode_demonstrations
from dreamitate_ros.values import Progress, Stop


class Loss(nn.Module):
    """The loss as one module, which is what distributed training wraps."""

    def __init__(self, unet: UNetSpatioTemporalConditionModel) -> None:
        super().__init__()
        self.unet = unet

    def forward(self, batch: Batch) -> Tensor:
        """(B, F) the loss of each frame."""
        return denoising_loss(self.unet, batch.latents, batch.noise, batch.sigma, batch.condition)


@dataclass(frozen=True)
class Training:
    """What the loop works on. paths: the encoded demonstrations. parameters: those that are trained."""

    config: TrainingConfig
    accelerator: Accelerator
    pipeline: StereoVideoPipeline
    paths: list[Path]
    loss: nn.Module
    optimizer: torch.optim.Optimizer
    parameters: list[nn.Parameter]
    average: EMAModel | None


def train(config: TrainingConfig, progress: Progress, stop: Stop, *, cpu: bool = False) -> Path:
    """Train to config.steps, from the newest checkpoint where there is one; returns the trained model's folder.

    Raises Cancelled after saving a checkpoint; DreamitateError for bad data, or a loss that is not finite (the
    last checkpoint is kept).
    """
    accelerator = Accelerator(
        cpu=cpu,
        mixed_precision=config.precision,
        gradient_accumulation_steps=config.accumulate,
    )
    if not accelerator.is_main_process:
        progress = lambda fraction, text: None  # noqa: E731
    training = _prepare(config, accelerator, progress, stop)
    start = resume(accelerator, config, training.paths)
    for step in range(start, config.steps):
        loss = _step(training, step)
        done = step + 1
        _record(training, done, loss)
        progress(done / config.steps, f"step {done} of {config.steps}, loss {loss:.4f}")
        stopped = stop()
        if stopped or done % config.checkpoint_every == 0 or done == config.steps:
            save_checkpoint(accelerator, config, training.paths, done)
        if stopped:
            raise Cancelled("training")
    return _save_model(training)


def trained_parameters(unet: nn.Module, which: str) -> list[nn.Parameter]:
    """The parameters of spatial and temporal attention, or all; the others are frozen."""
    for name, parameter in unet.named_parameters():
        parameter.requires_grad_(which == "all" or ".attn1." in name or ".attn2." in name)
    return [parameter for parameter in unet.parameters() if parameter.requires_grad]


def _prepare(config: TrainingConfig, accelerator: Accelerator, progress: Progress, stop: Stop) -> Training:
    demonstrations = list_demonstrations(config.demonstrations)
    pipeline = load_pipeline(config.model, MEMORY["exact"], str(accelerator.device))
    with accelerator.main_process_first():
        target = _target_vae(config, pipeline).to(accelerator.device)
        paths = encode_demonstrations(demonstrations, pipeline, target, config, progress, stop)
    unet = pipeline.unet.train()
    if config.gradient_checkpointing:
        unet.enable_gradient_checkpointing()
    parameters = trained_parameters(unet, config.trainable)
    optimizer = torch.optim.AdamW(parameters, lr=config.learning_rate, weight_decay=config.weight_decay)
    loss, optimizer = accelerator.prepare(Loss(unet), optimizer)
    average = None
    if config.ema is not None:
        average = EMAModel(parameters, decay=config.ema)
        average.to(accelerator.device)
        accelerator.register_for_checkpointing(average)
    return Training(config, accelerator, pipeline, paths, loss, optimizer, parameters, average)


def _target_vae(config: TrainingConfig, pipeline: StereoVideoPipeline) -> AutoencoderKLTemporalDecoder:
    """The first stage where the model has one of its own, else the pipeline's."""
    folder = config.model / "target_vae"
    return AutoencoderKLTemporalDecoder.from_pretrained(folder) if folder.is_dir() else pipeline.vae


def _step(training: Training, step: int) -> float:
    """One step of the optimiser; the mean loss over its batches and all processes."""
    config, accelerator = training.config, training.accelerator
    for group in training.optimizer.param_groups:
        group["lr"] = config.learning_rate * min(1.0, (step + 1) / (config.warm_up + 1))
    total = 0.0
    for part in range(config.accumulate):
        position = (step * config.accumulate + part) * accelerator.num_processes + accelerator.process_index
        batch = make_batch(training.paths, position, config, training.pipeline.vae, accelerator.device)
        is_last = part + 1 == config.accumulate
        with nullcontext() if is_last else accelerator.no_sync(training.loss):
            with accelerator.autocast():
                loss = training.loss(batch).mean()
            accelerator.backward(loss)  # divides by the batches of a step
        total += float(accelerator.gather(loss.detach()[None]).mean()) / config.accumulate
        _require_finite(training, total, step, position)
    accelerator.clip_grad_norm_(training.parameters, config.max_gradient_norm)
    training.optimizer.step()
    training.optimizer.zero_grad()
    if training.average is not None:
        training.average.step(training.parameters)
    return total


def _require_finite(training: Training, loss: float, step: int, position: int) -> None:
    if math.isfinite(loss):
        return
    raise DreamitateError(
        ErrorCode.GENERATION_FAILED,
        f"the loss is {loss} at step {step + 1}, batch {position}; the last checkpoint in"
        f" {training.config.output / 'checkpoints'} is good: resume with a smaller learning_rate or precision: bf16",
    )


def _record(training: Training, step: int, loss: float) -> None:
    """One line a step in losses.jsonl; a resumed training goes on in the same file."""
    if training.accelerator.is_main_process:
        with (training.config.output / "losses.jsonl").open("a") as file:
            file.write(json.dumps({"step": step, "loss": loss}) + "\n")


def _save_model(training: Training) -> Path:
    """The pipeline with the trained weights, their moving average where there is one."""
    folder = training.config.output / "model"
    if training.average is not None:
        training.average.copy_to(training.parameters)
    training.accelerator.wait_for_everyone()
    if training.accelerator.is_main_process:
        training.pipeline.unet.eval()
        training.pipeline.save_pretrained(folder)
        target = training.config.model / "target_vae"
        if target.is_dir():
            shutil.copytree(target, folder / "target_vae", dirs_exist_ok=True)
    return folder

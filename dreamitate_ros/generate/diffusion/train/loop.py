"""The training loop, on Accelerate: one CPU to many GPUs, by how it is launched."""

import math
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from diffusers.training_utils import EMAModel
from torch import Tensor, nn

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.train.checkpoints import resume, save_checkpoint
from dreamitate_ros.generate.diffusion.train.config import LoopConfig
from dreamitate_ros.generate.diffusion.train.eight_bit import adamw_8bit
from dreamitate_ros.generate.diffusion.train.log import TrainingLog
from dreamitate_ros.values import Progress, Stop

Curves = Callable[[Any, Tensor], dict[str, float]]
"""Of a batch and its losses."""
Show = Callable[[TrainingLog, int], None]
"""Called after every step with the log and the number of steps done, by the main process."""


@dataclass(frozen=True)
class Training:
    """What the loop works on.

    clips: the encoded demonstrations. batch_at: the batch at a position of the whole training, counting every
    batch of every process. loss: a module from such a batch to losses, which is what distributed training wraps.
    parameters: those that are trained. curves: more to show of a batch and its losses than their mean, by name.
    """

    config: LoopConfig
    accelerator: Accelerator
    clips: list[Path]
    batch_at: Callable[[int], Any]
    loss: nn.Module
    optimizer: torch.optim.Optimizer
    parameters: list[nn.Parameter]
    average: EMAModel | None
    curves: Curves

    def use_average(self) -> None:
        """Give the network its weights' moving average, where there is one."""
        if self.average is not None:
            self.average.copy_to(self.parameters)


def accelerate(config: LoopConfig, cpu: bool, say: Callable[[str], None]) -> Accelerator:
    """As the training was launched; cpu: even where there is a GPU. Says where the precision makes it slow."""
    accelerator = Accelerator(
        cpu=cpu, mixed_precision=config.precision, gradient_accumulation_steps=config.accumulate
    )
    if accelerator.is_main_process:
        warn_of_emulation(config.precision, accelerator.device, say)
    return accelerator


def warn_of_emulation(precision: str, device: torch.device, say: Callable[[str], None]) -> None:
    """Say so where the device is a CPU that does not compute in this precision."""
    if device.type == "cpu" and precision == "bf16" and not torch.cpu.get_capabilities().get("avx512_bf16"):
        say('precision: bf16 is emulated on this CPU, many times slower than float32: set it to "no"')


def prepare(
    config: LoopConfig,
    accelerator: Accelerator,
    clips: list[Path],
    batch_at: Callable[[int], Any],
    loss: nn.Module,
    curves: Curves = lambda batch, losses: {},
) -> Training:
    """A training of the parameters of `loss` that require gradients."""
    parameters = [parameter for parameter in loss.parameters() if parameter.requires_grad]
    optimizer = _optimizer(config, parameters, accelerator.device)
    loss, optimizer = accelerator.prepare(loss, optimizer)
    average = None
    if config.ema is not None:
        average = EMAModel(parameters, decay=config.ema)
        average.to(accelerator.device)
        accelerator.register_for_checkpointing(average)
    return Training(config, accelerator, clips, batch_at, loss, optimizer, parameters, average, curves)


def _optimizer(
    config: LoopConfig, parameters: list[nn.Parameter], device: torch.device
) -> torch.optim.Optimizer:
    rate, decay = config.learning_rate, config.weight_decay
    if config.optimizer == "adamw":
        return torch.optim.AdamW(parameters, lr=rate, weight_decay=decay, fused=True)
    return adamw_8bit(device)(parameters, lr=rate, weight_decay=decay)


def run(training: Training, progress: Progress, stop: Stop, show: Show = lambda log, step: None) -> None:
    """Train to config.steps, from the newest checkpoint where there is one.

    Raises Cancelled after saving a checkpoint; DreamitateError for a loss that is not finite (the last checkpoint
    is kept).
    """
    accelerator = training.accelerator
    start = resume(accelerator, training.config, training.clips)
    log = TrainingLog(training.config.output, start) if accelerator.is_main_process else None
    try:
        _run(training, start, log, progress, stop, show)
    finally:
        if log is not None:
            log.close()


def _run(
    training: Training, start: int, log: TrainingLog | None, progress: Progress, stop: Stop, show: Show
) -> None:
    config, accelerator = training.config, training.accelerator
    for step in range(start, config.steps):
        loss, curves = _step(training, step)
        done = step + 1
        if log is not None:
            log.loss(done, loss)
            if done % config.log_every == 0:
                log.curves(done, {"loss/mean": loss, "learning_rate": _learning_rate(config, step), **curves})
        progress(done / config.steps, f"step {done} of {config.steps}, loss {loss:.4f}")
        stopped = stop()
        if stopped or done % config.checkpoint_every == 0 or done == config.steps:
            save_checkpoint(accelerator, config, training.clips, done)
        if stopped:
            raise Cancelled("training")
        if log is not None:
            show(log, done)


def _learning_rate(config: LoopConfig, step: int) -> float:
    rising, falling = (step + 1) / (config.warm_up + 1), (config.steps - step) / (config.cool_down + 1)
    return config.learning_rate * min(1.0, rising, falling)


def _step(training: Training, step: int) -> tuple[float, dict[str, float]]:
    """One step of the optimiser; the mean loss over its batches and all processes, and this one's curves."""
    config, accelerator = training.config, training.accelerator
    for group in training.optimizer.param_groups:
        group["lr"] = _learning_rate(config, step)
    total, curves = 0.0, dict[str, float]()
    for part in range(config.accumulate):
        position = (step * config.accumulate + part) * accelerator.num_processes + accelerator.process_index
        batch = training.batch_at(position)
        is_last = part + 1 == config.accumulate
        with nullcontext() if is_last else accelerator.no_sync(training.loss):
            with accelerator.autocast():
                losses = training.loss(batch)
            loss = losses.mean()
            accelerator.backward(loss)  # divides by the batches of a step
        total += float(accelerator.gather(loss.detach()[None]).mean()) / config.accumulate
        _require_finite(training, total, step, position)
        curves |= training.curves(batch, losses.detach())
    accelerator.clip_grad_norm_(training.parameters, config.max_gradient_norm)
    training.optimizer.step()
    training.optimizer.zero_grad()
    if training.average is not None:
        training.average.step(training.parameters)
    return total, curves


def _require_finite(training: Training, loss: float, step: int, position: int) -> None:
    if math.isfinite(loss):
        return
    raise DreamitateError(
        ErrorCode.GENERATION_FAILED,
        f"the loss is {loss} at step {step + 1}, batch {position}; the last checkpoint in"
        f" {training.config.output / 'checkpoints'} is good: resume with a smaller learning_rate or precision: bf16",
    )

"""Training the UNet: the video model proper."""

import math
import shutil
from itertools import pairwise
from pathlib import Path

from accelerate import Accelerator
from diffusers import AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel
from torch import Tensor, nn

from dreamitate_ros.generate.diffusion.denoise import denoising_loss
from dreamitate_ros.generate.diffusion.pipeline import StereoVideoPipeline
from dreamitate_ros.generate.diffusion.train.adapters import add_adapters, merge_adapters
from dreamitate_ros.generate.diffusion.train.batches import Batch, make_batch
from dreamitate_ros.generate.diffusion.train.config import UnetTrainingConfig
from dreamitate_ros.generate.diffusion.train.demonstrations import Demonstration
from dreamitate_ros.generate.diffusion.train.latent_cache import encode_demonstrations
from dreamitate_ros.generate.diffusion.train.loop import Training, prepare
from dreamitate_ros.values import Progress, Stop

TARGET = "target_vae"
NOISE_BANDS = (0.5, 2.0, 8.0, 32.0)
"""Noise levels between which the loss has a curve of its own: one mean hides which of them still learns."""


class UnetLoss(nn.Module):
    """The loss as one module."""

    def __init__(self, unet: UNetSpatioTemporalConditionModel) -> None:
        super().__init__()
        self.unet = unet

    def forward(self, batch: Batch) -> Tensor:
        """(B, F) the loss of each frame."""
        return denoising_loss(self.unet, batch.latents, batch.noise, batch.sigma, batch.condition)


def trained_parameters(unet: nn.Module, which: str) -> list[nn.Parameter]:
    """Those of spatial and temporal attention, all, or those of the adapters; the others are frozen."""
    places = {"attention": (".attn1.", ".attn2."), "all": ("",), "lora": (".lora_",)}[which]
    for name, parameter in unet.named_parameters():
        parameter.requires_grad_(any(place in name for place in places))
    return [parameter for parameter in unet.parameters() if parameter.requires_grad]


def losses_by_noise(batch: Batch, losses: Tensor) -> dict[str, float]:
    """Mean loss of the clips in each band of noise that the batch has. losses: (B, F)."""
    edges = (0.0, *NOISE_BANDS, math.inf)
    curves = {}
    for low, high in pairwise(edges):
        inside = (batch.sigma >= low) & (batch.sigma < high)
        if bool(inside.any()):
            name = f"loss_by_noise/{low:g}_to_{high:g}"
            curves[name] = float(losses[inside].mean())
    return curves


def prepare_unet(
    config: UnetTrainingConfig,
    accelerator: Accelerator,
    pipeline: StereoVideoPipeline,
    demonstrations: list[Demonstration],
    progress: Progress,
    stop: Stop,
) -> Training:
    """Encodes the demonstrations, or takes those that are encoded already."""
    with accelerator.main_process_first():
        target = _target_vae(config, pipeline).to(accelerator.device)
        clips = encode_demonstrations(demonstrations, pipeline, target, config, progress, stop)
    unet = pipeline.unet.train()
    if config.gradient_checkpointing:
        unet.enable_gradient_checkpointing()
    if config.trainable == "lora":
        add_adapters(unet, config.lora_rank, config.seed)
    trained_parameters(unet, config.trainable)

    def batch_at(position: int) -> Batch:
        return make_batch(clips, position, config, pipeline, accelerator.device)

    return prepare(config, accelerator, clips, batch_at, UnetLoss(unet), losses_by_noise)


def save_trained(pipeline: StereoVideoPipeline, start: Path, folder: Path) -> None:
    """The pipeline as it is now, and the first stage where the model it started from has one of its own."""
    pipeline.unet.eval()
    merge_adapters(pipeline.unet)
    pipeline.save_pretrained(folder)
    target = start / TARGET
    if target.is_dir():
        shutil.copytree(target, folder / TARGET, dirs_exist_ok=True)


def _target_vae(config: UnetTrainingConfig, pipeline: StereoVideoPipeline) -> AutoencoderKLTemporalDecoder:
    """The first stage where the model has one of its own, else the pipeline's."""
    folder = config.model / TARGET
    return AutoencoderKLTemporalDecoder.from_pretrained(folder) if folder.is_dir() else pipeline.vae

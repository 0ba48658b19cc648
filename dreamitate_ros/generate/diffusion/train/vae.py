"""Training a small model's autoencoder, so that its latents keep where the tools are."""

from pathlib import Path

import torch
from accelerate import Accelerator
from diffusers import AutoencoderKLTemporalDecoder
from torch import Tensor, nn

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.latents import latent_px, pixels_from_images
from dreamitate_ros.generate.diffusion.linear_start import (
    is_linear,
    live_decode,
    live_encode,
    live_parts,
    start_linear,
)
from dreamitate_ros.generate.diffusion.pipeline import StereoVideoPipeline
from dreamitate_ros.generate.diffusion.train.config import VaeTrainingConfig
from dreamitate_ros.generate.diffusion.train.demonstrations import Demonstration
from dreamitate_ros.generate.diffusion.train.frame_cache import decode_demonstrations, load_frames
from dreamitate_ros.generate.diffusion.train.loop import Training, prepare
from dreamitate_ros.generate.diffusion.train.vae_batches import VaeBatch, make_vae_batch
from dreamitate_ros.values import Progress, Stop

CLIPS_MEASURED = 20
"""From which the latents' spread is taken."""
CLIPS_FITTED = 60
"""From whose patches a linear encoder is made."""
LATENT_NOISE = 0.03
"""Standard deviation of what is added to the latents of a linear encoder, as a video model will miss them."""


class VaeLoss(nn.Module):
    """How far reconstructions are from the pixels, and latents from standard normal.

    Mean absolute error: squared errors would buy smooth surfaces with blurred edges, which tracking lives on.
    """

    def __init__(self, vae: AutoencoderKLTemporalDecoder, edge_weight: float, kl_weight: float) -> None:
        super().__init__()
        self.vae = vae
        self.edge_weight, self.kl_weight = edge_weight, kl_weight

    def forward(self, batch: VaeBatch) -> Tensor:
        """(B N,) the loss of each frame."""
        frames = batch.pixels.flatten(0, 1)
        posterior = self.vae.encode(frames).latent_dist
        latents = posterior.mean + posterior.std * batch.noise
        output = self.vae.decode(latents, num_frames=batch.pixels.shape[1]).sample
        error = output - frames
        return (
            _mean(error)
            + self.edge_weight * (_mean(error.diff(dim=2)) + _mean(error.diff(dim=3)))
            + self.kl_weight * posterior.kl() / frames[0].numel()
        )


class LinearVaeLoss(nn.Module):
    """How far the decoder is from undoing a linear encoder (linear_start.py); what is silent is not computed.

    Squared errors: what the encoder left out nobody can draw, and its mean is the best guess.
    """

    def __init__(self, vae: AutoencoderKLTemporalDecoder) -> None:
        super().__init__()
        self.vae = vae
        for part in live_parts(vae):
            part.requires_grad_(True)

    def forward(self, batch: VaeBatch) -> Tensor:
        """(B N,) the loss of each frame."""
        frames = batch.pixels.flatten(0, 1)
        latents = live_encode(self.vae, frames) + LATENT_NOISE * batch.noise
        error = live_decode(self.vae, latents) - frames
        return error.square().mean(dim=(1, 2, 3))


def prepare_vae(
    config: VaeTrainingConfig,
    accelerator: Accelerator,
    pipeline: StereoVideoPipeline,
    demonstrations: list[Demonstration],
    progress: Progress,
    stop: Stop,
) -> Training:
    """Decodes the demonstrations' videos, or takes those that are decoded already.

    A linear encoder that the model has already stays, with its scale: video models of its latents go on fitting.
    """
    _require_fit(config, pipeline)
    with accelerator.main_process_first():
        clips = decode_demonstrations(demonstrations, config, progress, stop)

    def batch_at(position: int) -> VaeBatch:
        return make_vae_batch(clips, position, config, pipeline.vae, accelerator.device)

    vae = pipeline.vae.train()
    vae.requires_grad_(not config.linear)
    if not config.linear:
        loss = VaeLoss(vae, config.edge_weight, config.kl_weight)
        return prepare(config, accelerator, clips, batch_at, loss)
    if not is_linear(vae):
        fitted = sorted(clips)[:CLIPS_FITTED]  # by their hashes: a random choice
        start_linear(vae, [view for clip in fitted for view in load_frames(clip).numpy()])
        _scale(vae, clips)
    return prepare(config, accelerator, clips, batch_at, LinearVaeLoss(vae))


def save_trained(pipeline: StereoVideoPipeline, clips: list[Path], folder: Path) -> None:
    """The pipeline as it is now; its scaling factor makes the latents' standard deviation 1."""
    vae = pipeline.vae.eval()
    if not is_linear(vae):
        _scale(vae, clips)
    pipeline.save_pretrained(folder)


@torch.no_grad()
def _scale(vae: AutoencoderKLTemporalDecoder, clips: list[Path]) -> None:
    latents = [
        vae.encode(pixels_from_images(load_frames(clip)[:, -1].numpy()).to(vae.device)).latent_dist.mean
        for clip in clips[:CLIPS_MEASURED]
    ]
    vae.register_to_config(scaling_factor=1 / float(torch.cat(latents).std()))


def _require_fit(config: VaeTrainingConfig, pipeline: StereoVideoPipeline) -> None:
    side_px = latent_px(pipeline.vae)
    if any(length % side_px for length in (config.width, config.height, config.crop)):
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"width ({config.width}), height ({config.height}) and crop ({config.crop}) must be multiples of the"
            f" {side_px} px that one latent of {config.model} stands for",
        )


def _mean(error: Tensor) -> Tensor:
    return error.abs().mean(dim=(1, 2, 3))

"""Training a small model's autoencoder, so that its latents keep where the tools are."""

from pathlib import Path

import torch
from accelerate import Accelerator
from diffusers import AutoencoderKLTemporalDecoder
from torch import Tensor, nn

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.latents import pixels_from_images
from dreamitate_ros.generate.diffusion.pipeline import StereoVideoPipeline
from dreamitate_ros.generate.diffusion.train.config import VaeTrainingConfig
from dreamitate_ros.generate.diffusion.train.demonstrations import Demonstration
from dreamitate_ros.generate.diffusion.train.frame_cache import decode_demonstrations, load_frames
from dreamitate_ros.generate.diffusion.train.loop import Training, prepare
from dreamitate_ros.generate.diffusion.train.vae_batches import VaeBatch, make_vae_batch
from dreamitate_ros.values import Progress, Stop

CLIPS_MEASURED = 20
"""From which the latents' spread is taken."""


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


def prepare_vae(
    config: VaeTrainingConfig,
    accelerator: Accelerator,
    pipeline: StereoVideoPipeline,
    demonstrations: list[Demonstration],
    progress: Progress,
    stop: Stop,
) -> Training:
    """Decodes the demonstrations' videos, or takes those that are decoded already."""
    _require_fit(config, pipeline)
    with accelerator.main_process_first():
        clips = decode_demonstrations(demonstrations, config, progress, stop)

    def batch_at(position: int) -> VaeBatch:
        return make_vae_batch(clips, position, config, pipeline.vae, accelerator.device)

    loss = VaeLoss(pipeline.vae.train(), config.edge_weight, config.kl_weight)
    loss.vae.requires_grad_(True)
    return prepare(config, accelerator, clips, batch_at, loss)


@torch.no_grad()
def save_trained(pipeline: StereoVideoPipeline, clips: list[Path], folder: Path) -> None:
    """The pipeline as it is now; its scaling factor makes the latents' standard deviation 1."""
    vae = pipeline.vae.eval()
    latents = [
        vae.encode(pixels_from_images(load_frames(clip)[:, -1].numpy()).to(vae.device)).latent_dist.mean
        for clip in clips[:CLIPS_MEASURED]
    ]
    vae.register_to_config(scaling_factor=1 / float(torch.cat(latents).std()))
    pipeline.save_pretrained(folder)


def _require_fit(config: VaeTrainingConfig, pipeline: StereoVideoPipeline) -> None:
    shrink = 2 ** (len(pipeline.vae.config.block_out_channels) - 1)
    if any(length % shrink for length in (config.width, config.height, config.crop)):
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"width ({config.width}), height ({config.height}) and crop ({config.crop}) must be multiples of the"
            f" {shrink} px that one latent of {config.model} stands for",
        )


def _mean(error: Tensor) -> Tensor:
    return error.abs().mean(dim=(1, 2, 3))

"""What a step of the autoencoder's training sees: cut-outs, a function of the seed and of where the training is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKLTemporalDecoder
from torch import Tensor

from dreamitate_ros.generate.diffusion.latents import latent_px, pixels_from_images
from dreamitate_ros.generate.diffusion.train.batches import clips_of_batch, draws
from dreamitate_ros.generate.diffusion.train.config import VaeTrainingConfig
from dreamitate_ros.generate.diffusion.train.cut_outs import corner, draw_below
from dreamitate_ros.generate.diffusion.train.frame_cache import CELL_PX, load_motion, load_window
from dreamitate_ros.generate.diffusion.train.jitter import Jitter, draw_jitter, jittered

STILL = 4.0  # grey levels: motion below it is noise of the camera


@dataclass(frozen=True)
class VaeBatch:
    """B cut-outs of N frames. pixels: (B, N, 3, c, c) in [-1, 1]. noise: (B N, C, h, w) standard normal."""

    pixels: Tensor
    noise: Tensor


def make_vae_batch(
    clips: Sequence[Path],
    position: int,
    config: VaeTrainingConfig,
    vae: AutoencoderKLTemporalDecoder,
    device: torch.device,
) -> VaeBatch:
    """The batch at `position` of the whole training (counting every batch of every process)."""
    generator = draws(config.seed, position, "noise")
    chosen = clips_of_batch(len(clips), config.batch, position, config.seed)
    pixels = torch.stack([_cut_out(clips[i], config, generator) for i in chosen])
    side = config.crop // latent_px(vae)
    shape = (config.batch * config.window, vae.config.latent_channels, side, side)
    noise = torch.randn(shape, generator=generator)
    return VaeBatch(pixels.to(device), noise.to(device))


def _cut_out(clip: Path, config: VaeTrainingConfig, generator: torch.Generator) -> Tensor:
    """(N, 3, c, c) in [-1, 1]."""
    view = draw_below(2, generator)
    time = draw_below(config.times - config.window + 1, generator)
    row, column = _corner(load_motion(clip, view), config, generator)
    images = load_window(
        clip,
        view,
        slice(time, time + config.window),
        slice(row, row + config.crop),
        slice(column, column + config.crop),
    ).numpy()
    strength = Jitter(config.brightness, config.contrast, config.saturation)
    return pixels_from_images(jittered(images, draw_jitter(strength, draw_below(2**31, generator))))


def _corner(motion: Tensor, config: VaeTrainingConfig, generator: torch.Generator) -> tuple[int, int]:
    """Row and column of a cut-out's first pixel: anywhere, or about a place that moves."""
    is_anywhere = float(torch.rand((), generator=generator)) >= config.moving_share
    moving = torch.zeros_like(motion) if is_anywhere else (motion > STILL) * motion
    return corner(moving, CELL_PX, (config.height, config.width), config.crop, generator)

"""What a training step sees: a function of the seed and of where the training is, so that a resumed one repeats it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKLTemporalDecoder
from torch import Tensor

from dreamitate_ros.generate.diffusion.condition import Condition
from dreamitate_ros.generate.diffusion.conditioning import clean_condition, make_condition, photo_frames
from dreamitate_ros.generate.diffusion.denoise import training_sigmas
from dreamitate_ros.generate.diffusion.pipeline import StereoVideoPipeline
from dreamitate_ros.generate.diffusion.settings import Sampling
from dreamitate_ros.generate.diffusion.train.config import UnetTrainingConfig
from dreamitate_ros.generate.diffusion.train.cut_outs import cut_outs
from dreamitate_ros.generate.diffusion.train.latent_cache import EncodedClip, load_clip


@dataclass(frozen=True)
class Batch:
    """B clips. latents, noise: (B, F, C, h, w), clean and scaled, and standard normal. sigma: (B,)."""

    latents: Tensor
    noise: Tensor
    sigma: Tensor
    condition: Condition


def clips_of_batch(count: int, batch: int, position: int, seed: int) -> list[int]:
    """Which of `count` demonstrations the batch at `position` has: all in a new random order each epoch."""
    chosen = []
    for place in range(position * batch, (position + 1) * batch):
        epoch, index = divmod(place, count)
        order = torch.randperm(count, generator=draws(seed, epoch, "order"))
        chosen.append(int(order[index]))
    return chosen


@torch.no_grad()
def make_batch(
    paths: Sequence[Path],
    position: int,
    config: UnetTrainingConfig,
    pipeline: StereoVideoPipeline,
    device: torch.device,
) -> Batch:
    """The batch at `position` of the whole training (counting every batch of every process).

    The released code draws a sigma for each frame and keeps the first frame's; one a clip is the same.
    """
    chosen = clips_of_batch(len(paths), config.batch, position, config.seed)
    generator = draws(config.seed, position, "noise")
    latents, condition = _collated(
        [_draw(load_clip(paths[i]), config, pipeline.vae, generator, device) for i in chosen]
    )
    if config.times_drawn is not None:
        frames = _draw_frames(config, generator)
        latents, condition = latents[:, frames], condition.of_frames(frames)
    if config.crop is not None:
        latents, condition = cut_outs(latents, condition, pipeline.vae, config.crop, generator)
    latents = latents - pipeline.origin(condition)
    shape = latents.shape[:2]
    drop = torch.rand(2, *shape, generator=generator) < config.drop
    noise = torch.randn(latents.shape, generator=generator).to(device)
    gauss = torch.randn(len(chosen), generator=generator).to(device)
    return Batch(
        latents,
        noise,
        training_sigmas(gauss, config.sigma_mean, config.sigma_deviation),
        condition.without(drop[0].to(device), drop[1].to(device)),
    )


def _draw(
    clip: EncodedClip,
    config: UnetTrainingConfig,
    vae: AutoencoderKLTemporalDecoder,
    generator: torch.Generator,
    device: torch.device,
) -> tuple[Tensor, Condition]:
    """One clip: a sample of its posterior, and its photos with fresh noise on every frame."""
    sample = clip.mean + clip.std * torch.randn(clip.mean.shape, generator=generator)
    condition = _condition(clip, config, vae, generator, device)
    return (sample * float(vae.config.scaling_factor)).to(device)[None], condition


def _condition(
    clip: EncodedClip,
    config: UnetTrainingConfig,
    vae: AutoencoderKLTemporalDecoder,
    generator: torch.Generator,
    device: torch.device,
) -> Condition:
    told = Sampling(
        fps_id=config.fps_id,
        motion_bucket_id=config.motion_bucket_id,
        noise_augmentation=config.noise_augmentation,
    )
    context = clip.context[None].to(device)
    if told.noise_augmentation == 0:
        top, side = clip.photo_latents.to(device)
        return clean_condition(top, side, config.times, context, told)
    photos = photo_frames(clip.photos[0], clip.photos[1], config.times)
    augmentation = torch.randn(photos.shape, generator=generator)
    return make_condition(vae, photos.to(device), augmentation.to(device), context, told, encode_at_once=5)


def _draw_frames(config: UnetTrainingConfig, generator: torch.Generator) -> Tensor:
    """Indices of packed frames: time 0, and the same drawn times in both views."""
    later = 1 + torch.randperm(config.times - 1, generator=generator)[: config.times_drawn]
    top = torch.cat([torch.zeros(1, dtype=torch.long), later.sort().values])
    return torch.cat([top, top[1:] + config.times - 1])


def _collated(clips: list[tuple[Tensor, Condition]]) -> tuple[Tensor, Condition]:
    latents, condition = clips[0]
    for more, other in clips[1:]:
        latents, condition = torch.cat([latents, more]), condition + other
    return latents, condition


def draws(seed: int, position: int, purpose: str) -> torch.Generator:
    """Independent draws for each seed, position and purpose."""
    stream = (seed * 2 + (purpose == "order")) * 1_000_003 + position
    return torch.Generator().manual_seed(stream)

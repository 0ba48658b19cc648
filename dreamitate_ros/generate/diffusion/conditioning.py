"""From two photos and a prompt to what the network is told."""

import torch
from diffusers import AutoencoderKLTemporalDecoder
from torch import Tensor

from dreamitate_ros.generate.diffusion.condition import Condition
from dreamitate_ros.generate.diffusion.latents import encode
from dreamitate_ros.generate.diffusion.settings import Sampling
from dreamitate_ros.values import Stop


def photo_frames(top: Tensor, side: Tensor, times: int) -> Tensor:
    """(2 T - 1, ...): what belongs to each packed frame's photo, the top one's T times, the side one's T - 1."""
    return torch.cat([top.expand(times, *top.shape), side.expand(times - 1, *side.shape)])


def make_condition(
    vae: AutoencoderKLTemporalDecoder,
    photos: Tensor,
    noise: Tensor,
    context: Tensor,
    sampling: Sampling,
    encode_at_once: int,
    stop: Stop = lambda: False,
) -> Condition:
    """The condition of one clip.

    photos: (F, 3, H, W) each packed frame's photo, in [-1, 1]; noise: standard normal, the same shape: every
    frame is augmented by its own. context: (1, 1, 1, D) or (1, F, 1, D), see Condition.
    """
    if sampling.noise_augmentation == 0:  # then all frames of a view have the same
        top, side = encode(vae, photos[[0, -1]], encode_at_once, stop)
        return clean_condition(top, side, (len(photos) + 1) // 2, context, sampling)
    latents = encode(vae, photos + sampling.noise_augmentation * noise, encode_at_once, stop)
    return Condition(context, latents[None], time_ids(sampling).to(latents))


def clean_condition(top: Tensor, side: Tensor, times: int, context: Tensor, sampling: Sampling) -> Condition:
    """The condition of one clip without noise augmentation. top, side: (C, h, w) the photos' latents, not scaled."""
    return Condition(context, photo_frames(top, side, times)[None], time_ids(sampling).to(top))


def time_ids(sampling: Sampling) -> Tensor:
    """(1, 3) the micro-conditioning. fps is given as it is; diffusers' own video pipeline subtracts 1."""
    return torch.tensor(
        [[float(sampling.fps_id), float(sampling.motion_bucket_id), sampling.noise_augmentation]]
    )

"""Between pixels and latents."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from diffusers import AutoencoderKLTemporalDecoder
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from dreamitate_ros.errors import Cancelled
from dreamitate_ros.generate.diffusion.linear_start import (
    LOG_VARIANCE,
    is_linear,
    live_decode,
    live_encode,
)
from dreamitate_ros.values import Image, Stop


def pixels_from_images(images: Image) -> Tensor:
    """(N, 3, H, W) float32 in [-1, 1] from (N, H, W, 3) uint8 RGB."""
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float() / 127.5 - 1


def images_from_pixels(pixels: Tensor) -> Image:
    """(N, H, W, 3) uint8 RGB from (N, 3, H, W) in [-1, 1]; what lies outside is clipped."""
    levels = ((pixels.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return np.asarray(levels.permute(0, 2, 3, 1).cpu().numpy())


def latent_px(vae: AutoencoderKLTemporalDecoder) -> int:
    """Side of the square of pixels that one latent stands for."""
    return int(2 ** (len(vae.config.block_out_channels) - 1))


def encode(
    vae: AutoencoderKLTemporalDecoder, pixels: Tensor, at_once: int, stop: Stop = lambda: False
) -> Tensor:
    """(N, C, h, w) means of the posterior, float32 and NOT scaled, as the condition has them.

    at_once: frames encoded together; it changes the memory needed, not the result.
    """
    return torch.cat([posterior(vae, chunk)[0] for chunk in _chunks(pixels, at_once, stop)])


def posterior(vae: AutoencoderKLTemporalDecoder, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Means and standard deviations of the latents, (N, C, h, w) float32, NOT scaled."""
    if is_linear(vae):
        mean = live_encode(vae, pixels.to(vae.device, vae.dtype)).to(pixels.device).float()
        return mean, torch.full_like(mean, math.exp(LOG_VARIANCE / 2))
    distribution = vae.encode(pixels.to(vae.dtype)).latent_dist
    return distribution.mean.float(), distribution.std.float()


def encode_target(vae: AutoencoderKLTemporalDecoder, pixels: Tensor, noise: Tensor) -> Tensor:
    """(N, C, h, w) scaled samples of the posterior, as training aims at them. noise: standard normal."""
    mean, std = posterior(vae, pixels)
    return (mean + std * noise.to(mean)) * float(vae.config.scaling_factor)


def decode(
    vae: AutoencoderKLTemporalDecoder, latents: Tensor, window: int, stop: Stop = lambda: False
) -> Tensor:
    """(T, 3, H, W) float32 pixels, about in [-1, 1], of one clip's scaled latents (T, C, h, w).

    window: frames decoded together. The decoder smooths over time inside a window, so the result depends on
    it a little; the original decodes all 25 frames in one.
    """
    parts = []
    for chunk in _chunks(latents / float(vae.config.scaling_factor), window, stop):
        parts.append(_decoded(vae, chunk.to(vae.dtype)).float())
    return torch.cat(parts)


def _decoded(vae: AutoencoderKLTemporalDecoder, latents: Tensor) -> Tensor:
    if is_linear(vae):
        return live_decode(vae, latents.to(vae.device)).to(latents.device)
    pixels: Tensor = vae.decode(latents, num_frames=len(latents)).sample
    return pixels


def _chunks(frames: Tensor, size: int, stop: Stop) -> Iterator[Tensor]:
    for chunk in frames.split(size):
        if stop():
            raise Cancelled("imagining")
        yield chunk


@dataclass(frozen=True)
class Preview:
    """A cheap look at latents: the linear map to RGB that fits the photos' own latents best.

    rgb_from_latent: (5, 3); the last row is the offset.
    """

    rgb_from_latent: NDArray[np.float32]

    @staticmethod
    def fitted(latents: Tensor, pixels: Tensor) -> "Preview":
        """latents: (N, C, h, w), scaled; pixels: (N, 3, H, W) of the same pictures, in [-1, 1]."""
        targets = functional.interpolate(pixels.float(), latents.shape[2:], mode="area")
        columns = _with_ones(latents).cpu().double()
        wanted = targets.permute(0, 2, 3, 1).reshape(-1, 3).cpu().double()
        damping = (
            1e-6 * len(columns) * torch.eye(columns.shape[1], dtype=torch.float64)
        )  # for photos of one colour
        solution = torch.linalg.solve(columns.T @ columns + damping, columns.T @ wanted)
        return Preview(solution.float().numpy())

    def images(self, latents: Tensor) -> Image:
        """(N, h, w, 3) uint8 RGB of scaled latents (N, C, h, w): one pixel a latent."""
        count, _, height, width = latents.shape
        rgb = _with_ones(latents) @ torch.from_numpy(self.rgb_from_latent).to(latents.device)
        return images_from_pixels(rgb.reshape(count, height, width, 3).permute(0, 3, 1, 2))


def _with_ones(latents: Tensor) -> Tensor:
    rows = latents.float().permute(0, 2, 3, 1).reshape(-1, latents.shape[1])
    return torch.cat([rows, torch.ones_like(rows[:, :1])], dim=1)

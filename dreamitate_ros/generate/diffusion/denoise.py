"""EDM preconditioning with v-prediction (Karras et al. 2022, eq. 7; sigma_data 1, as Stable Video Diffusion has it)."""

from typing import NamedTuple

import torch
from diffusers import UNetSpatioTemporalConditionModel
from torch import Tensor

from dreamitate_ros.generate.diffusion.condition import Condition
from dreamitate_ros.generate.diffusion.network import predict


class Scalings(NamedTuple):
    """D(x) = skip * x + out * F(in * x, noise), each of sigma's shape."""

    skip: Tensor
    out: Tensor
    inward: Tensor
    noise: Tensor


def scalings(sigma: Tensor) -> Scalings:
    """The four factors at noise level sigma (any shape)."""
    variance = sigma**2 + 1
    return Scalings(1 / variance, -sigma / variance.sqrt(), 1 / variance.sqrt(), 0.25 * sigma.log())


def denoise(
    unet: UNetSpatioTemporalConditionModel, noisy: Tensor, sigma: Tensor, condition: Condition
) -> Tensor:
    """D(noisy): the estimate (B, T, C, h, w) of the clean, scaled latents. noisy: z + sigma * noise; sigma: (B,)."""
    factors = scalings(sigma)
    skip, out, inward = (factor[:, None, None, None, None] for factor in factors[:3])
    return skip * noisy + out * predict(unet, inward * noisy, factors.noise, condition)


def denoising_weight(sigma: Tensor) -> Tensor:
    """The loss's weight at a noise level: (sigma^2 + 1) / sigma^2."""
    return (sigma**2 + 1) / sigma**2


def denoising_loss(
    unet: UNetSpatioTemporalConditionModel,
    latents: Tensor,
    noise: Tensor,
    sigma: Tensor,
    condition: Condition,
) -> Tensor:
    """(B, T) weighted squared error of each frame, averaged over channels and pixels.

    latents: (B, T, C, h, w) clean and scaled; noise: standard normal, the same shape; sigma: (B,).
    """
    noisy = latents + sigma[:, None, None, None, None] * noise
    error = (denoise(unet, noisy, sigma, condition) - latents) ** 2
    return denoising_weight(sigma)[:, None] * error.mean(dim=(2, 3, 4))


def training_sigmas(gauss: Tensor, mean: float = 1.0, deviation: float = 1.6) -> Tensor:
    """Noise levels exp(mean + deviation * gauss) for standard normal draws."""
    return torch.exp(mean + deviation * gauss)

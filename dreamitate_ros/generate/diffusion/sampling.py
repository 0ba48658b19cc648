"""From noise to latents: Euler steps with guidance that may grow along the clip."""

from collections.abc import Callable
from typing import Any

import torch
from diffusers import UNetSpatioTemporalConditionModel
from torch import Tensor

from dreamitate_ros.generate.diffusion.condition import Condition
from dreamitate_ros.generate.diffusion.denoise import scalings
from dreamitate_ros.generate.diffusion.network import predict, stopping
from dreamitate_ros.values import Stop

OnStep = Callable[[int, Tensor], None]
"""Called after each step with the number of steps done and the current estimate of the clean latents."""


def guidance_scales(first: float, last: float, frames: int) -> Tensor:
    """(T,) guidance of each packed frame, linear from the first to the last."""
    return torch.linspace(first, last, frames)


def sample(
    unet: UNetSpatioTemporalConditionModel,
    scheduler: Any,
    condition: Condition,
    noise: Tensor,
    guidance: Tensor,
    steps: int,
    *,
    batch_guidance: bool = True,
    on_step: OnStep = lambda done, estimate: None,
    stop: Stop = lambda: False,
) -> Tensor:
    """(B, T, C, h, w) scaled latents, float32.

    noise: standard normal, (B, T, C, h, w). guidance: (T,). batch_guidance: both branches in one pass.
    Raises Cancelled within a step after stop() is true.
    """
    scheduler.set_timesteps(steps, device=noise.device)
    latents = noise * scheduler.init_noise_sigma
    scale = guidance.to(noise)[:, None, None, None]
    guided = bool((guidance != 1).any())
    with torch.no_grad(), stopping(unet, stop):
        for done, timestep in enumerate(scheduler.timesteps, start=1):
            scaled = scheduler.scale_model_input(latents, timestep)
            output = (
                _guided(unet, scaled, timestep, condition, scale, batch_guidance)
                if guided
                else predict(unet, scaled, timestep, condition)
            )
            factors = scalings(scheduler.sigmas[done - 1])
            estimate = factors.skip * latents + factors.out * output
            latents = scheduler.step(output, timestep, latents).prev_sample
            on_step(done, estimate)
    return latents


def _guided(
    unet: UNetSpatioTemporalConditionModel,
    scaled: Tensor,
    timestep: Tensor,
    condition: Condition,
    scale: Tensor,
    batched: bool,
) -> Tensor:
    """Away from what the network predicts without prompt and photos, by each frame's guidance."""
    without = condition.unconditional()
    if batched:
        both = predict(unet, torch.cat([scaled, scaled]), timestep, without + condition)
        unconditional, conditional = both.chunk(2)
    else:
        unconditional = predict(unet, scaled, timestep, without)
        conditional = predict(unet, scaled, timestep, condition)
    return unconditional + scale * (conditional - unconditional)

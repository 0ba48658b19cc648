"""Running diffusers' UNet the way the original runs its own."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from diffusers import UNetSpatioTemporalConditionModel
from diffusers.models.transformers.transformer_temporal import TransformerSpatioTemporalModel
from torch import Tensor, nn

from dreamitate_ros.errors import Cancelled
from dreamitate_ros.generate.diffusion.condition import Condition
from dreamitate_ros.values import Stop

RESIDUAL_EPS = 1e-5
"""The original's in every residual block; diffusers 0.42 has 1e-6 in most, which costs 4e-5 of the output."""


def use_original_epsilon(unet: UNetSpatioTemporalConditionModel) -> None:
    """Give the norms of the residual blocks the epsilon that released weights were trained with."""
    for name, module in unet.named_modules():
        if isinstance(module, nn.GroupNorm) and "_res_block." in name:
            module.eps = RESIDUAL_EPS


def predict(
    unet: UNetSpatioTemporalConditionModel, noisy: Tensor, c_noise: Tensor, condition: Condition
) -> Tensor:
    """The network's output F, (B, T, C, h, w), in float32.

    noisy: (B, T, C, h, w) latents scaled by c_in. c_noise: (B,) or (), 0.25 ln(sigma).
    """
    dtype = unet.dtype
    inputs = torch.cat([noisy, condition.image_latents], dim=2).to(dtype)
    with (
        _context_of_each_frame(unet, condition.context.to(dtype)),
        _positions_of_frames(unet, condition.positions),
    ):
        output: Tensor = unet(
            inputs,
            c_noise.to(noisy.device).expand(len(noisy)),
            encoder_hidden_states=condition.context[:, 0].to(dtype),
            added_time_ids=condition.time_ids,
            return_dict=False,
        )[0]
    return output.float()


@contextmanager
def _context_of_each_frame(unet: nn.Module, context: Tensor) -> Iterator[None]:
    """Let the frames of a clip have their own context (B, T, 1, D); diffusers repeats one over the clip.

    Temporal attention then sees the first frame's, in diffusers as in the original.
    """
    frames = context.flatten(0, 1)

    def replace(
        _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return args, kwargs | {"encoder_hidden_states": frames}

    with ExitStack() as hooks:
        for module in _temporal(unet) if context.shape[1] > 1 else []:
            hooks.enter_context(module.register_forward_pre_hook(replace, with_kwargs=True))
        yield


@contextmanager
def _positions_of_frames(unet: nn.Module, positions: Tensor | None) -> Iterator[None]:
    """Let temporal attention know which frames of a clip it sees, (T,); diffusers counts them from 0."""

    def replace(_: nn.Module, counted: tuple[Tensor]) -> Tensor:
        assert positions is not None
        return positions.to(counted[0]).repeat(len(counted[0]) // len(positions))

    with ExitStack() as hooks:
        for module in _temporal(unet) if positions is not None else []:
            hooks.enter_context(module.time_proj.register_forward_pre_hook(replace))
        yield


def _temporal(unet: nn.Module) -> list[TransformerSpatioTemporalModel]:
    return [module for module in unet.modules() if isinstance(module, TransformerSpatioTemporalModel)]


@contextmanager
def stopping(unet: nn.Module, stop: Stop) -> Iterator[None]:
    """Poll stop() before every residual block, so that cancelling need not wait for the end of a step.

    Raises Cancelled from inside the network.
    """

    def check(*_: Any) -> None:
        if stop():
            raise Cancelled("imagining")

    with ExitStack() as hooks:
        for name, module in unet.named_modules():
            if _is_residual(name):
                hooks.enter_context(module.register_forward_pre_hook(check))
        yield


def _is_residual(name: str) -> bool:
    parent, _, index = name.rpartition(".")
    return parent.endswith("resnets") and index.isdigit()

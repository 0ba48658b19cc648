"""Which part of the frames a step sees: squares about what moves, that is about tools, hands and objects."""

from collections.abc import Iterator
from dataclasses import replace

import torch
from diffusers import AutoencoderKLTemporalDecoder
from torch import Tensor

from dreamitate_ros.generate.diffusion.condition import Condition
from dreamitate_ros.generate.diffusion.latents import latent_px

STILL = 0.5
"""Latents that differ from their photo's by less, scaled, are a table's shadows and the camera's noise."""


def cut_outs(
    latents: Tensor,
    condition: Condition,
    vae: AutoencoderKLTemporalDecoder,
    side_px: int,
    generator: torch.Generator,
) -> tuple[Tensor, Condition]:
    """Latents (B, F, C, s, s) and what the network is told of them: a square of each clip and view.

    latents: (B, F, C, h, w) scaled, of packed frames, the top view's first. side_px: of a square.
    """
    change = latents - condition.image_latents * float(vae.config.scaling_factor)
    pictures = torch.stack([latents, condition.image_latents, change], dim=1)  # (B, 3, F, C, h, w)
    side = side_px // latent_px(vae)
    cut = torch.stack([torch.cat(list(_views(clip, side, generator)), dim=1) for clip in pictures])
    return cut[:, 0], replace(condition, image_latents=cut[:, 1])


def _views(clip: Tensor, side: int, generator: torch.Generator) -> Iterator[Tensor]:
    """(3, F of the view, C, side, side) of each view of a clip (3, F, C, h, w)."""
    times = (clip.shape[1] + 1) // 2
    for view in clip.split([times, clip.shape[1] - times], dim=1):
        change = view[2].square().mean(dim=1).sqrt().amax(dim=0)
        moving = (change > STILL) * change
        row, column = corner(moving, 1, (view.shape[-2], view.shape[-1]), side, generator)
        yield view[..., row : row + side, column : column + side]


def corner(
    moving: Tensor, cell: int, size: tuple[int, int], side: int, generator: torch.Generator
) -> tuple[int, int]:
    """Row and column of a square's first place, in frames of `size`: about one that moves, or anywhere if none does.

    moving: how likely each cell of `cell` x `cell` places has the square's middle, in any unit.
    """
    last = size[0] - side, size[1] - side
    if not bool(moving.any()):
        return draw_below(last[0] + 1, generator), draw_below(last[1] + 1, generator)
    chosen = divmod(int(torch.multinomial(moving.flatten(), 1, generator=generator)), moving.shape[1])
    middle = [cell * index + draw_below(cell, generator) for index in chosen]
    row, column = (min(max(0, place - side // 2), end) for place, end in zip(middle, last, strict=True))
    return row, column


def draw_below(end: int, generator: torch.Generator) -> int:
    """One of 0, ..., end - 1."""
    return int(torch.randint(end, (), generator=generator))

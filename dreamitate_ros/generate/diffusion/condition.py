"""What the network is told about the clips it imagines."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Condition:
    """Everything but the noisy latents and their noise level, for B clips of T frames.

    context: (B, 1, 1, D), or (B, T, 1, D) where each frame has its own: the vector of cross-attention.
    image_latents: (B, T, C, h, w) latents of each frame's photo, NOT multiplied by the VAE's scaling factor.
    time_ids: (B, 3) fps_id, motion_bucket_id and the noise augmentation, as they are.
    positions: (T,) which frames of their clips these are; None: all of them, in order.
    """

    context: Tensor
    image_latents: Tensor
    time_ids: Tensor
    positions: Tensor | None = None

    def unconditional(self) -> "Condition":
        """The other branch of guidance: no prompt and no photos, the same micro-conditioning."""
        return replace(
            self, context=torch.zeros_like(self.context), image_latents=torch.zeros_like(self.image_latents)
        )

    def of_frames(self, positions: Tensor) -> "Condition":
        """That of some frames of whole clips. positions: (T,) indices."""
        context = self.context if self.context.shape[1] == 1 else self.context[:, positions]
        return Condition(context, self.image_latents[:, positions], self.time_ids, positions)

    def without(self, context: Tensor, image_latents: Tensor) -> "Condition":
        """Some frames' conditions dropped, as in training. context, image_latents: (B, T) bool, True drops."""
        frames = context.shape[1]
        return replace(
            self,
            context=self.context.expand(-1, frames, -1, -1) * ~context[:, :, None, None],
            image_latents=self.image_latents * ~image_latents[:, :, None, None, None],
        )

    def __add__(self, other: "Condition") -> "Condition":
        """The clips of both, those of `self` first; of the same frames."""
        return Condition(
            torch.cat([self.context, other.context]),
            torch.cat([self.image_latents, other.image_latents]),
            torch.cat([self.time_ids, other.time_ids]),
            self.positions,
        )

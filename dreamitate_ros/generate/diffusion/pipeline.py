"""Two photos and a prompt in, the imagined stereo video out."""

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import torch
from diffusers import AutoencoderKLTemporalDecoder, DiffusionPipeline, UNetSpatioTemporalConditionModel
from torch import Tensor
from transformers import CLIPTextModelWithProjection, CLIPTokenizer, CLIPVisionModelWithProjection

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.clip import unpack_clip
from dreamitate_ros.generate.diffusion.condition import Condition
from dreamitate_ros.generate.diffusion.conditioning import make_condition, photo_frames
from dreamitate_ros.generate.diffusion.image import embed_images
from dreamitate_ros.generate.diffusion.latents import (
    Preview,
    decode,
    images_from_pixels,
    latent_px,
    pixels_from_images,
)
from dreamitate_ros.generate.diffusion.network import use_original_epsilon
from dreamitate_ros.generate.diffusion.sampling import guidance_scales, sample
from dreamitate_ros.generate.diffusion.scheduler import with_solver
from dreamitate_ros.generate.diffusion.settings import MEMORY, SAMPLING, Memory, Sampling
from dreamitate_ros.generate.diffusion.text import embed_tokens, token_ids
from dreamitate_ros.values import Image, Progress, StereoImage, StereoVideo, Stop

ShowPreview = Callable[[Image], None]
"""Called after each step with the clip so far, (2 T - 1, h, w, 3) uint8 RGB, one pixel a latent."""


class StereoVideoPipeline(DiffusionPipeline):
    """The stereo video model; save_pretrained and from_pretrained as in every pipeline of diffusers.

    unet: sees noisy latents and photo latents (8 channels in SVD's) and predicts v. vae: its encoder makes the
    photo latents, its decoder the video. scheduler: scheduler.original_scheduler().
    What cross-attention sees: text_encoder and tokenizer (CLIP's) embed the prompt, as in the released code; a
    model that has an image_encoder in their place (plain Stable Video Diffusion, the paper's text) sees each
    frame's photo, and the prompt changes nothing.
    imagines_change: the UNet's latents are counted from the photos' own, so a small one need not repeat the scene:
    with few channels its group norms would lose what colour a table has. SVD's are not.
    """

    model_cpu_offload_seq = "text_encoder->image_encoder->unet->vae"
    _optional_components: ClassVar = ["text_encoder", "tokenizer", "image_encoder"]

    def __init__(
        self,
        unet: UNetSpatioTemporalConditionModel,
        vae: AutoencoderKLTemporalDecoder,
        scheduler: Any,
        text_encoder: CLIPTextModelWithProjection | None = None,
        tokenizer: CLIPTokenizer | None = None,
        image_encoder: CLIPVisionModelWithProjection | None = None,
        imagines_change: bool = False,
    ) -> None:
        super().__init__()
        self.register_to_config(imagines_change=imagines_change)
        self.register_modules(
            unet=unet,
            vae=vae,
            scheduler=scheduler,
            text_encoder=text_encoder,
            tokenizer=tokenizer,
            image_encoder=image_encoder,
        )
        use_original_epsilon(unet)

    @property
    def native_size(self) -> tuple[int, int] | None:
        """Width and height that the model was made for, px; None where its files do not say (as SVD's do not)."""
        latent_size = self.unet.config.sample_size
        if isinstance(latent_size, int) or latent_size is None:
            return None
        side_px = latent_px(self.vae)
        return latent_size[1] * side_px, latent_size[0] * side_px

    def origin(self, condition: Condition) -> Tensor:
        """(B, T, C, h, w) scaled latents that those of the UNet are counted from."""
        if not self.config.imagines_change:
            return torch.zeros_like(condition.image_latents)
        return condition.image_latents * float(self.vae.config.scaling_factor)

    @torch.no_grad()
    def __call__(
        self,
        photos: StereoImage,
        prompt: str,
        *,
        seed: int = 0,
        samples: int = 1,
        times: int = 13,
        fps: float = 6.0,
        sampling: Sampling = SAMPLING["paper"],
        memory: Memory = MEMORY["exact"],
        progress: Progress = lambda fraction, text: None,
        show: ShowPreview = lambda clip: None,
        stop: Stop = lambda: False,
    ) -> list[StereoVideo]:
        """`samples` videos of `times` times in each view; sample i is that of seed + i alone.

        photos: as the model is to see them; width and height must be multiples of what the network halves.
        The same seed on the same kind of device gives the same video: all noise is drawn on the CPU.
        Raises DreamitateError: WRONG_CLIP_SIZE, INVALID_PARAMETER; Cancelled within a step after stop().
        """
        self._require_photos(photos)
        if samples < 1 or times < 2 or sampling.steps < 1:
            raise DreamitateError(
                ErrorCode.INVALID_PARAMETER,
                f"samples ({samples}) and steps ({sampling.steps}) must be 1 or more, times ({times}) 2 or more",
            )
        progress(0.0, "reading the prompt")
        context = self.embed(photos, prompt, times)

        def part(index: int) -> Progress:
            return lambda fraction, text: progress((index + fraction) / samples, text)

        return [
            unpack_clip(
                self._imagine(
                    photos, context, seed + index, times, sampling, memory, part(index), show, stop
                ),
                photos,
                fps,
                times,
            )
            for index in range(samples)
        ]

    @torch.no_grad()
    def embed(self, photos: StereoImage, prompt: str, times: int) -> Tensor:
        """(1, 1, 1, D) the embedded prompt, or (1, 2 times - 1, 1, D) each frame's embedded photo."""
        device = self._execution_device
        if self.text_encoder is not None:
            return embed_tokens(self.text_encoder, token_ids(self.tokenizer, [prompt]).to(device)).float()[
                None
            ]
        embedded = embed_images(self.image_encoder, photo_pair(photos), device).float()
        return photo_frames(embedded[0], embedded[1], times)[None]

    def _imagine(
        self,
        photos: StereoImage,
        context: Tensor,
        seed: int,
        times: int,
        sampling: Sampling,
        memory: Memory,
        progress: Progress,
        show: ShowPreview,
        stop: Stop,
    ) -> Image:
        """(2 times - 1, H, W, 3) uint8 RGB: one packed clip."""
        device = self._execution_device
        generator = torch.Generator("cpu").manual_seed(seed)
        pair = pixels_from_images(photo_pair(photos))
        frames = photo_frames(pair[0], pair[1], times)
        augmentation = torch.randn(frames.shape, generator=generator)
        progress(0.0, "encoding the photos")
        condition = make_condition(
            self.vae,
            frames.to(device),
            augmentation.to(device),
            context,
            sampling,
            memory.encode_at_once,
            stop,
        )
        origin = self.origin(condition)
        preview = Preview.fitted(condition.image_latents[0] * self.vae.config.scaling_factor, frames)

        def on_step(done: int, estimate: Tensor) -> None:
            progress(0.9 * done / sampling.steps, f"step {done} of {sampling.steps}")
            show(preview.images((estimate + origin)[0]))

        latents = sample(
            self.unet,
            with_solver(self.scheduler, sampling.solver),
            condition,
            torch.randn(condition.image_latents.shape, generator=generator).to(device),
            guidance_scales(sampling.guidance_first, sampling.guidance_last, len(frames)),
            sampling.steps,
            batch_guidance=memory.batch_guidance,
            on_step=on_step,
            stop=stop,
        )
        if not bool(torch.isfinite(latents).all()):
            raise DreamitateError(
                ErrorCode.GENERATION_FAILED,
                f"the model computed no finite numbers in {self.unet.dtype}; use bfloat16 or float32",
            )
        progress(0.9, "decoding the video")
        clip = images_from_pixels(decode(self.vae, (latents + origin)[0], memory.decode_window, stop))
        progress(1.0, "video ready")
        return clip

    def _require_photos(self, photos: StereoImage) -> None:
        """Raises WRONG_CLIP_SIZE unless both photos are RGB of one size that the network can halve."""
        halvings = len(self.vae.config.block_out_channels) + len(self.unet.config.block_out_channels) - 2
        for name, photo in (("top", photos.top), ("side", photos.side)):
            if photo.dtype != "uint8" or photo.ndim != 3 or photo.shape[2] != 3:
                raise DreamitateError(
                    ErrorCode.WRONG_CLIP_SIZE,
                    f"the {name} photo must be (H, W, 3) uint8 RGB, found {photo.shape} {photo.dtype}",
                )
            if photo.shape != photos.top.shape or any(side % 2**halvings for side in photo.shape[:2]):
                raise DreamitateError(
                    ErrorCode.WRONG_CLIP_SIZE,
                    f"the {name} photo is {photo.shape[1]}x{photo.shape[0]} px; both must have one size, with"
                    f" width and height multiples of {2**halvings} px, like 768x448: crop them to that",
                )


def photo_pair(photos: StereoImage) -> Image:
    """(2, H, W, 3): top, side."""
    return np.stack([photos.top, photos.side])

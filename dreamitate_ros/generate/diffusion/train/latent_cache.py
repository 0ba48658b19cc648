"""What training needs of each demonstration, computed once and kept on disk."""

import hashlib
import json
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import torch
from diffusers import AutoencoderKLTemporalDecoder
from safetensors.torch import load_file, save_file
from torch import Tensor

from dreamitate_ros.errors import Cancelled
from dreamitate_ros.generate.diffusion.latents import encode, pixels_from_images, posterior
from dreamitate_ros.generate.diffusion.pipeline import StereoVideoPipeline
from dreamitate_ros.generate.diffusion.train.config import UnetTrainingConfig
from dreamitate_ros.generate.diffusion.train.demonstrations import Demonstration, read_clip
from dreamitate_ros.generate.diffusion.train.jitter import Jitter, draw_jitter, jittered
from dreamitate_ros.values import Progress, StereoImage, Stop
from dreamitate_ros.whole_file import whole


@dataclass(frozen=True)
class EncodedClip:
    """One demonstration. F = 2 times - 1 packed frames.

    mean, std: (F, C, h, w) the first stage's posterior, not scaled. photos: (2, 3, H, W) top and side at time 0,
    in [-1, 1]. photo_latents: (2, C, h, w) their means, not scaled. context: (1, 1, D) or (F, 1, D), see
    StereoVideoPipeline.embed.
    """

    mean: Tensor
    std: Tensor
    photos: Tensor
    photo_latents: Tensor
    context: Tensor


@torch.no_grad()
def encode_demonstrations(
    demonstrations: list[Demonstration],
    pipeline: StereoVideoPipeline,
    target_vae: AutoencoderKLTemporalDecoder,
    config: UnetTrainingConfig,
    progress: Progress,
    stop: Stop,
) -> list[Path]:
    """A file in output/latents for each version of each demonstration; current ones that are there are kept."""
    folder = config.output / "latents"
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    wanted = list(product(demonstrations, range(config.versions)))
    for index, (demonstration, version) in enumerate(wanted):
        if stop():
            raise Cancelled("training")
        key = _key(demonstration, config, version)
        jitter = None if version == 0 else draw_jitter(_strength(config), int(key, 16))
        path = folder / f"{key}.safetensors"
        if not path.exists():
            with whole(path) as part:
                save_file(vars(_encode(demonstration, pipeline, target_vae, config, jitter)), part)
        paths.append(path)
        progress((index + 1) / len(wanted), "encoding the demonstrations")
    return paths


def load_clip(path: Path) -> EncodedClip:
    """What encode_demonstrations wrote."""
    return EncodedClip(**load_file(path))


def _encode(
    demonstration: Demonstration,
    pipeline: StereoVideoPipeline,
    target_vae: AutoencoderKLTemporalDecoder,
    config: UnetTrainingConfig,
    jitter: Jitter | None,
) -> EncodedClip:
    images = read_clip(demonstration, config.width, config.height, config.times, config.clip_fps)
    if jitter is not None:
        images = jittered(images, jitter)
    frames = pixels_from_images(images)
    clip, photos = frames[:-1], frames[[0, -1]]
    posteriors = [posterior(target_vae, frame[None].to(target_vae.device)) for frame in clip]
    context = pipeline.embed(StereoImage(images[0], images[-1]), demonstration.caption, config.times)
    return EncodedClip(
        mean=torch.cat([mean for mean, _ in posteriors]).cpu(),
        std=torch.cat([std for _, std in posteriors]).cpu(),
        photos=photos.contiguous(),
        photo_latents=encode(pipeline.vae, photos.to(pipeline.vae.device), 1).cpu().contiguous(),
        context=context[0].cpu().contiguous(),
    )


def _strength(config: UnetTrainingConfig) -> Jitter:
    return Jitter(config.brightness, config.contrast, config.saturation)


def _key(demonstration: Demonstration, config: UnetTrainingConfig, version: int) -> str:
    """Changes with whatever the encoding depends on."""
    videos = [(str(path), path.stat().st_mtime_ns) for path in (demonstration.top, demonstration.side)]
    weights = [
        (str(path), path.stat().st_mtime_ns)
        for path in sorted(config.model.glob("*/*.safetensors"))
        if "unet" not in path.parts
    ]
    size = (config.width, config.height, config.times, config.clip_fps)
    parts: list[object] = [videos, demonstration.caption, weights, size]
    if version > 0:
        parts.append((version, config.seed, vars(_strength(config))))
    content = json.dumps(parts)
    return hashlib.sha256(content.encode()).hexdigest()[:24]

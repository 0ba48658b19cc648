"""An autoencoder that starts linear: what its tiny norms pass is what the chain of convolutions computes."""

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKLTemporalDecoder

from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.generate.diffusion.description import ModelDescription
from dreamitate_ros.generate.diffusion.latents import decode, encode, pixels_from_images
from dreamitate_ros.generate.diffusion.linear_start import (
    is_linear,
    live_decode,
    live_encode,
    start_linear,
)
from dreamitate_ros.generate.diffusion.new_model import new_vae
from dreamitate_ros.values import Image

CHANNELS = (64, 32, 32, 64)


def description(channels: tuple[int, ...] = CHANNELS, latents: int = 16) -> ModelDescription:
    return ModelDescription(
        48, 32, (32, 32), (True, False), 1, 16, channels, 1, latents, 8, 1, 2, True, 0.02, 80.0
    )


@pytest.fixture(scope="module")
def videos() -> list[Image]:
    """Smooth pictures over which a coloured disc goes."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:32, :48]
    made = []
    for _ in range(6):
        colour, ground = random.integers(30, 250, 3), random.integers(20, 200, 3)
        video = np.tile(ground, (5, 32, 48, 1)) + rows[..., None] // 2
        for time in range(1, 5):
            video[time][(rows - 16) ** 2 + (columns - 8 * time) ** 2 < 60] = colour
        made.append(np.clip(video, 0, 255).astype(np.uint8))
    return made


@pytest.fixture(scope="module")
def vae(videos: list[Image]) -> AutoencoderKLTemporalDecoder:
    torch.manual_seed(0)
    started = new_vae(description()).eval()
    start_linear(started, videos)
    return started


@torch.no_grad()
def test_the_whole_autoencoder_does_what_its_chain_does(
    vae: AutoencoderKLTemporalDecoder, videos: list[Image]
) -> None:
    pixels = pixels_from_images(videos[0])
    latents = vae.encode(pixels).latent_dist.mean
    assert latents.shape == (5, 16, 4, 6)
    assert torch.allclose(latents, live_encode(vae, pixels), atol=5e-3 * float(latents.abs().max()))
    # of the size of pixels, as what a trained decoder's chain ends in
    chain = live_decode(vae, latents)
    some = latents / float(chain.abs().max())
    whole = vae.decode(some, num_frames=5).sample
    assert torch.allclose(whole, live_decode(vae, some), atol=2e-3)


@torch.no_grad()
def test_only_the_chain_is_computed_while_all_else_is_silent(
    vae: AutoencoderKLTemporalDecoder, videos: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert is_linear(vae) and not is_linear(new_vae(description()))
    pixels = pixels_from_images(videos[0])
    chain = live_encode(vae, pixels)
    monkeypatch.setattr(vae, "encode", None)
    monkeypatch.setattr(vae, "decode", None)
    assert torch.equal(encode(vae, pixels, 5), chain)
    scaled = chain * float(vae.config.scaling_factor)
    assert torch.allclose(decode(vae, scaled, 5), live_decode(vae, chain), atol=1e-4)


@torch.no_grad()
def test_the_encoder_knows_absolute_brightness_and_keeps_what_moves(
    vae: AutoencoderKLTemporalDecoder, videos: list[Image]
) -> None:
    """Group norms that see large numbers would take the brightness out; the best linear decoder finds it."""
    latents, wanted = [], []
    for video in videos:
        pixels = pixels_from_images(video)
        latents.append(vae.encode(pixels).latent_dist.mean.permute(0, 2, 3, 1).reshape(-1, 16))
        patches = pixels.unfold(2, 8, 8).unfold(3, 8, 8)
        wanted.append(patches.permute(0, 2, 3, 1, 4, 5).reshape(-1, 192))
    known, patches = torch.cat(latents), torch.cat(wanted)
    known = torch.cat([known, torch.ones(len(known), 1)], dim=1)
    rebuilt = known @ torch.linalg.lstsq(known, patches).solution
    assert float((rebuilt - patches).square().mean()) < 0.02 * float(patches.var())


@pytest.mark.parametrize(
    ("channels", "latents"), [((64, 32, 64), 16), ((32, 32, 32, 64), 16), ((64, 32, 32, 64), 33)]
)
def test_an_autoencoder_without_room_for_it_is_refused(
    channels: tuple[int, ...], latents: int, videos: list[Image]
) -> None:
    with pytest.raises(DreamitateError, match="four levels"):
        start_linear(new_vae(description(channels, latents)), videos)

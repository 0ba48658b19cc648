"""The models that ship: they are there, small, whole, and imagine."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from dreamitate_ros.configuration import config_directory, model_directory
from dreamitate_ros.generate.diffusion.generator import DiffusionGenerator
from dreamitate_ros.generate.diffusion.latents import pixels_from_images
from dreamitate_ros.task import load_task
from dreamitate_ros.values import StereoImage

MODELS = {
    "small": "rotate_bold",
    "small_sweep": "sweep_bold",
    "small_scoop": "scoop_bold",
    "small_push_shape": "push_shape_bold",
}


@pytest.fixture(scope="module", params=MODELS)
def model(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def generator(model: str) -> DiffusionGenerator:
    return DiffusionGenerator.load(model_directory(model), "small", device="cpu", steps=1)


def test_it_is_small(model: str) -> None:
    assert sum(file.stat().st_size for file in model_directory(model).glob("*/*")) <= 30e6


@torch.no_grad()
def test_its_autoencoder_keeps_shapes_and_colours(generator: DiffusionGenerator) -> None:
    rows, columns = np.mgrid[:112, :192]
    image = np.stack([25 + rows // 4, 30 + columns // 8, 50 + 0 * rows], axis=2)
    image[30:60, 40:90] = (240, 240, 240)
    image[40:50, 60:70] = (20, 30, 120)
    vae = generator.pipeline.vae
    pixels = pixels_from_images(image.astype(np.uint8)[None])
    again = vae.decode(vae.encode(pixels).latent_dist.mean, num_frames=1).sample
    assert float((again - pixels).square().mean()) < 4 * 10 ** (-25 / 10)  # 25 dB


def test_it_imagines_a_clip_of_its_task(generator: DiffusionGenerator, model: str) -> None:
    task = replace(load_task(MODELS[model], config_directory()), frames=3)
    grey = np.full((448, 768, 3), 70, np.uint8)
    photos = StereoImage(grey, grey)
    first, again = (generator.generate(photos, task, 1, lambda *_: None, lambda: False) for _ in range(2))
    assert first.top.shape == first.side.shape == (3, 112, 192, 3)
    assert np.array_equal(first.top, again.top) and first.top[1:].std() > 3

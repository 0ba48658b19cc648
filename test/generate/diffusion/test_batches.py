"""What a step of training sees: encoded demonstrations, and batches drawn from them."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from dreamitate_ros.generate.diffusion.conditioning import make_condition, photo_frames
from dreamitate_ros.generate.diffusion.pipeline import StereoVideoPipeline
from dreamitate_ros.generate.diffusion.settings import Sampling
from dreamitate_ros.generate.diffusion.train.batches import clips_of_batch, make_batch
from dreamitate_ros.generate.diffusion.train.config import UnetTrainingConfig
from dreamitate_ros.generate.diffusion.train.demonstrations import list_demonstrations
from dreamitate_ros.generate.diffusion.train.latent_cache import encode_demonstrations, load_clip
from dreamitate_ros.generate.diffusion.train.start import train


def silent(fraction: float, text: str) -> None:
    assert 0 <= fraction <= 1


def never() -> bool:
    return False


@pytest.fixture
def paths(config: UnetTrainingConfig, pipeline: StereoVideoPipeline) -> list[Path]:
    """The encoded demonstrations."""
    demonstrations = list_demonstrations(config.demonstrations)
    return encode_demonstrations(demonstrations, pipeline, pipeline.vae, config, silent, never)


def test_a_batch_is_the_packed_clip_and_its_photos(
    config: UnetTrainingConfig, pipeline: StereoVideoPipeline, paths: list[Path]
) -> None:
    plain = replace(config, drop=0.0, batch=2)
    batch = make_batch(paths, 0, plain, pipeline, torch.device("cpu"))
    assert batch.latents.shape == batch.noise.shape == (2, 5, 4, 8, 12)
    assert batch.condition.context.shape == (2, 5, 1, 16)
    assert batch.sigma.shape == (2,)
    again = make_batch(paths, 0, plain, pipeline, torch.device("cpu"))
    assert torch.equal(batch.noise, again.noise) and torch.equal(batch.latents, again.latents)
    other = make_batch(paths, 1, plain, pipeline, torch.device("cpu"))
    assert not torch.equal(batch.noise, other.noise)
    dropped = make_batch(paths, 0, replace(plain, drop=1.0), pipeline, torch.device("cpu")).condition
    assert dropped.context.abs().max() == 0 and dropped.image_latents.abs().max() == 0


def test_photos_without_noise_are_encoded_once(
    config: UnetTrainingConfig, pipeline: StereoVideoPipeline, paths: list[Path]
) -> None:
    clean = replace(config, drop=0.0, noise_augmentation=0.0)
    found = make_batch(paths, 0, clean, pipeline, torch.device("cpu")).condition
    clip = load_clip(paths[clips_of_batch(2, 1, 0, config.seed)[0]])
    told = Sampling(noise_augmentation=0.0)
    photos = photo_frames(clip.photos[0], clip.photos[1], config.times)
    expected = make_condition(pipeline.vae, photos, photos, clip.context[None], told, 1)
    close = {"rtol": 0, "atol": 1e-3}  # what is left of rounding after the norms of an even photo
    torch.testing.assert_close(found.image_latents, expected.image_latents, **close)
    assert not torch.allclose(found.image_latents[:, 0], found.image_latents[:, config.times], **close)
    assert torch.equal(found.time_ids, expected.time_ids)


def test_a_step_may_see_some_times_the_same_in_both_views(
    config: UnetTrainingConfig, pipeline: StereoVideoPipeline, paths: list[Path]
) -> None:
    some = replace(config, drop=0.0, times_drawn=1)
    seen = set()
    for position in range(8):
        batch = make_batch(paths, position, some, pipeline, torch.device("cpu"))
        assert batch.condition.positions is not None
        seen.add(tuple(batch.condition.positions.tolist()))
        assert batch.latents.shape == batch.noise.shape == batch.condition.image_latents.shape
    assert seen == {(0, 1, 3), (0, 2, 4)}
    train(some, silent, never, cpu=True)


def test_a_step_may_see_the_same_cut_out_of_a_clip_and_its_photos(
    config: UnetTrainingConfig, pipeline: StereoVideoPipeline, paths: list[Path]
) -> None:
    cut = replace(config, drop=0.0, noise_augmentation=0.0, crop=8)  # px, 2 for each latent
    batch = make_batch(paths, 0, cut, pipeline, torch.device("cpu"))
    assert batch.latents.shape == batch.noise.shape == batch.condition.image_latents.shape == (1, 5, 4, 4, 4)
    train(cut, silent, never, cpu=True)


def test_a_model_may_learn_what_differs_from_the_photos(
    config: UnetTrainingConfig, pipeline: StereoVideoPipeline, paths: list[Path]
) -> None:
    clean = replace(config, drop=0.0, noise_augmentation=0.0)
    whole = make_batch(paths, 0, clean, pipeline, torch.device("cpu"))
    parts = {name: part for name, part in pipeline.components.items() if name != "image_encoder"}
    changing = StereoVideoPipeline(**parts, imagines_change=True)
    change = make_batch(paths, 0, clean, changing, torch.device("cpu"))
    photos = whole.condition.image_latents * pipeline.vae.config.scaling_factor
    torch.testing.assert_close(change.latents + photos, whole.latents)
    assert not torch.allclose(change.latents, whole.latents, atol=1e-3)


def test_encoded_demonstrations_are_kept(config: UnetTrainingConfig, pipeline: StereoVideoPipeline) -> None:
    demonstrations = list_demonstrations(config.demonstrations)
    first = encode_demonstrations(demonstrations, pipeline, pipeline.vae, config, silent, never)
    written = [path.stat().st_mtime_ns for path in first]
    again = encode_demonstrations(demonstrations, pipeline, pipeline.vae, config, silent, never)
    assert again == first
    assert [path.stat().st_mtime_ns for path in again] == written
    wider = encode_demonstrations(
        demonstrations, pipeline, pipeline.vae, replace(config, width=32), silent, never
    )
    assert not set(wider) & set(first)


def test_each_version_is_encoded_and_the_first_is_as_recorded(
    config: UnetTrainingConfig, pipeline: StereoVideoPipeline
) -> None:
    demonstrations = list_demonstrations(config.demonstrations)

    def encoded(of: UnetTrainingConfig) -> list[Path]:
        return encode_demonstrations(demonstrations, pipeline, pipeline.vae, of, silent, never)

    plain, varied = encoded(config), encoded(replace(config, versions=3))
    assert len(set(varied)) == 6
    assert varied[::3] == plain
    photos = [load_clip(path).photos for path in varied[:3]]
    assert not torch.equal(photos[1], photos[0]) and not torch.equal(photos[1], photos[2])
    assert set(encoded(replace(config, versions=3, seed=1))) & set(varied) == set(plain)


def test_every_epoch_has_every_demonstration_in_a_new_order() -> None:
    epochs = [[clips_of_batch(6, 2, 3 * epoch + part, 7) for part in range(3)] for epoch in range(2)]
    orders = [[clip for batch in epoch for clip in batch] for epoch in epochs]
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(6))
    assert orders[0] != orders[1]

"""From photos and prompt to videos, with a model of toy size."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.condition import Condition
from dreamitate_ros.generate.diffusion.conditioning import photo_frames
from dreamitate_ros.generate.diffusion.latents import decode, encode, images_from_pixels, pixels_from_images
from dreamitate_ros.generate.diffusion.load import load_pipeline
from dreamitate_ros.generate.diffusion.pipeline import StereoVideoPipeline
from dreamitate_ros.generate.diffusion.settings import MEMORY, SAMPLING, Sampling
from dreamitate_ros.values import Image, StereoImage, StereoVideo

QUICK = Sampling(steps=2)


def imagine(pipeline: StereoVideoPipeline, photos: StereoImage, **options: object) -> list[StereoVideo]:
    return pipeline(photos, "turn it", **({"times": 3, "sampling": QUICK} | options))


def passes(pipeline: StereoVideoPipeline, photos: StereoImage, sampling: Sampling) -> int:
    """How many clips went through the network."""
    clips = []
    hook = pipeline.unet.register_forward_pre_hook(lambda module, args: clips.append(len(args[0])))
    imagine(pipeline, photos, sampling=sampling)
    hook.remove()
    return sum(clips)


def test_the_side_view_starts_with_its_photo(pipeline: StereoVideoPipeline, photos: StereoImage) -> None:
    (video,) = imagine(pipeline, photos, fps=5.0)
    assert video.top.shape == video.side.shape == (3, 16, 24, 3)
    assert video.fps == 5.0
    np.testing.assert_array_equal(video.side[0], photos.side)


def test_a_seed_is_a_video_and_several_samples_are_those_of_the_next_seeds(
    pipeline: StereoVideoPipeline, photos: StereoImage
) -> None:
    first, second = imagine(pipeline, photos, seed=4, samples=2)
    np.testing.assert_array_equal(first.top, imagine(pipeline, photos, seed=4)[0].top)
    np.testing.assert_array_equal(second.top, imagine(pipeline, photos, seed=5)[0].top)
    assert (first.top != second.top).any()


def test_without_guidance_a_step_is_one_pass(pipeline: StereoVideoPipeline, photos: StereoImage) -> None:
    assert passes(pipeline, photos, QUICK) == 2
    assert passes(pipeline, photos, replace(QUICK, guidance_last=2.0)) == 4


def test_guidance_in_two_passes_is_that_in_one(pipeline: StereoVideoPipeline, photos: StereoImage) -> None:
    sampling = replace(QUICK, guidance_last=2.5)
    apart = replace(MEMORY["exact"], batch_guidance=False, encode_at_once=1)
    (batched,) = imagine(pipeline, photos, sampling=sampling)
    (separate,) = imagine(pipeline, photos, sampling=sampling, memory=apart)
    assert np.abs(batched.top.astype(int) - separate.top.astype(int)).max() <= 1


def test_every_choice_reaches_the_video(pipeline: StereoVideoPipeline, photos: StereoImage) -> None:
    (plain,) = imagine(pipeline, photos)
    for changed in (
        Sampling(steps=3),
        replace(QUICK, guidance_first=3.0),
        replace(QUICK, guidance_last=3.0),
        replace(QUICK, fps_id=9),
        Sampling(steps=2, solver="dpm++"),
        replace(QUICK, motion_bucket_id=20),
        replace(QUICK, noise_augmentation=0.5),
    ):
        (other,) = imagine(pipeline, photos, sampling=changed)
        assert (other.top != plain.top).any(), changed
    swapped = StereoImage(photos.side, photos.top)
    assert (imagine(pipeline, swapped)[0].top != plain.top).any()


def test_the_prompt_reaches_the_video(pipeline: StereoVideoPipeline, photos: StereoImage) -> None:
    seen = []
    hook = pipeline.unet.register_forward_pre_hook(
        lambda module, args, options: seen.append(options["encoder_hidden_states"]), with_kwargs=True
    )
    for prompt in ("turn it", "sweep it"):
        pipeline(photos, prompt, times=3, sampling=Sampling(steps=1))
    hook.remove()
    assert seen[0].shape == (1, 1, 16)
    assert not torch.allclose(seen[0], seen[1])


def test_a_model_with_an_image_encoder_sees_each_frames_own_photo(
    pipeline: StereoVideoPipeline, photos: StereoImage, tmp_path: Path
) -> None:
    torch.manual_seed(1)
    vision = CLIPVisionConfig(
        hidden_size=16,
        intermediate_size=32,
        projection_dim=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        image_size=8,
        patch_size=4,
    )
    encoder = CLIPVisionModelWithProjection(vision).eval()
    StereoVideoPipeline(
        pipeline.unet, pipeline.vae, pipeline.scheduler, image_encoder=encoder
    ).save_pretrained(tmp_path)
    seeing = load_pipeline(tmp_path, MEMORY["exact"], "cpu")
    context = seeing.embed(photos, "ignored", times=3)
    assert context.shape == (1, 5, 1, 16)
    assert torch.equal(context[0, 0], context[0, 2]) and torch.equal(context[0, 3], context[0, 4])
    assert not torch.allclose(context[0, 0], context[0, 3])
    other = StereoImage(photos.top, 255 - photos.side)
    (video,), (changed,) = imagine(seeing, photos), imagine(seeing, other)
    assert (video.top != changed.top).any()


def test_a_model_that_imagines_no_change_shows_its_photos(
    pipeline: StereoVideoPipeline, photos: StereoImage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    parts = {name: part for name, part in pipeline.components.items() if name != "image_encoder"}
    StereoVideoPipeline(**parts, imagines_change=True).save_pretrained(tmp_path)
    changing = load_pipeline(tmp_path, MEMORY["exact"], "cpu")

    def nothing(
        unet: object, scheduler: object, condition: Condition, *_: object, **__: object
    ) -> torch.Tensor:
        return torch.zeros_like(condition.image_latents)

    monkeypatch.setattr("dreamitate_ros.generate.diffusion.pipeline.sample", nothing)
    still = changing(photos, "", times=3, sampling=Sampling(noise_augmentation=0.0))[0]
    top, side = encode(pipeline.vae, pixels_from_images(np.stack([photos.top, photos.side])), 2)
    repeated = photo_frames(top, side, 3) * pipeline.vae.config.scaling_factor
    expected = images_from_pixels(decode(pipeline.vae, repeated, 25))
    for imagined, frame in ((still.top[2], expected[2]), (still.side[2], expected[4])):
        assert np.abs(imagined.astype(int) - frame).max() <= 1


def test_progress_rises_to_one_and_every_step_shows_a_preview(
    pipeline: StereoVideoPipeline, photos: StereoImage
) -> None:
    fractions: list[float] = []
    previews: list[Image] = []
    imagine(
        pipeline,
        photos,
        samples=2,
        progress=lambda fraction, text: fractions.append(fraction),
        show=previews.append,
    )
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert [preview.shape for preview in previews] == [(5, 8, 12, 3)] * 4


def test_cancelling_stops_within_a_step(pipeline: StereoVideoPipeline, photos: StereoImage) -> None:
    polls = 0

    def stop() -> bool:
        nonlocal polls
        polls += 1
        return polls > 10

    steps: list[str] = []
    with pytest.raises(Cancelled):
        imagine(
            pipeline,
            photos,
            sampling=Sampling(steps=50),
            stop=stop,
            progress=lambda fraction, text: steps.append(text),
        )
    assert polls == 11
    assert "step 3 of 50" not in steps
    assert len(imagine(pipeline, photos)) == 1  # nothing of the cancelled one is left


@pytest.mark.parametrize(
    ("top", "side"),
    [
        (np.zeros((15, 24, 3), np.uint8), np.zeros((15, 24, 3), np.uint8)),
        (np.zeros((16, 24, 3), np.uint8), np.zeros((16, 32, 3), np.uint8)),
        (np.zeros((16, 24, 3), np.float32), np.zeros((16, 24, 3), np.uint8)),
        (np.zeros((16, 24), np.uint8), np.zeros((16, 24), np.uint8)),
    ],
)
def test_photos_of_the_wrong_size_or_type_are_refused(
    pipeline: StereoVideoPipeline, top: np.ndarray, side: np.ndarray
) -> None:
    with pytest.raises(DreamitateError) as caught:
        imagine(pipeline, StereoImage(top, side))
    assert caught.value.code == ErrorCode.WRONG_CLIP_SIZE


def test_a_saved_pipeline_imagines_the_same(
    pipeline: StereoVideoPipeline, photos: StereoImage, tmp_path: Path
) -> None:
    pipeline.save_pretrained(tmp_path)
    loaded = load_pipeline(tmp_path, MEMORY["exact"], "cpu")
    found, exact = imagine(loaded, photos)[0].top, imagine(pipeline, photos)[0].top
    # sums round as the weights' addresses are aligned, and a file's weights lie as they lie in the file
    np.testing.assert_allclose(found.astype(int), exact.astype(int), atol=1)
    assert (found == exact).mean() > 0.99


def test_in_half_precision_it_imagines_about_the_same(
    pipeline: StereoVideoPipeline, photos: StereoImage, tmp_path: Path
) -> None:
    pipeline.save_pretrained(tmp_path)
    narrow = load_pipeline(tmp_path, MEMORY["exact"], "cpu")
    narrow.unet.to(torch.bfloat16)
    narrow.text_encoder.to(torch.bfloat16)
    (found,), (exact,) = imagine(narrow, photos), imagine(pipeline, photos)
    difference = np.abs(found.top.astype(int) - exact.top.astype(int))
    assert 0 < difference.mean() < 3


def test_a_folder_that_is_no_model_or_a_damaged_one_is_named(
    pipeline: StereoVideoPipeline, tmp_path: Path
) -> None:
    with pytest.raises(DreamitateError, match=r"model_index\.json"):
        load_pipeline(tmp_path, MEMORY["exact"], "cpu")
    pipeline.save_pretrained(tmp_path)
    weights = tmp_path / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(DreamitateError, match="incomplete or damaged"):
        load_pipeline(tmp_path, MEMORY["exact"], "cpu")


def test_an_unknown_solver_is_refused(pipeline: StereoVideoPipeline, photos: StereoImage) -> None:
    with pytest.raises(DreamitateError, match="euler, dpm"):
        imagine(pipeline, photos, sampling=replace(QUICK, solver="leap"))


def test_the_presets_are_the_published_values() -> None:
    paper, released = SAMPLING["paper"], SAMPLING["released"]
    assert (paper.steps, paper.is_guided, released.is_guided) == (30, False, True)
    assert (paper.fps_id, paper.motion_bucket_id, paper.noise_augmentation) == (6, 200, 0.02)
    assert (SAMPLING["released_ramp_2.5"].guidance_first, SAMPLING["released_ramp_2.5"].guidance_last) == (
        1.0,
        2.5,
    )

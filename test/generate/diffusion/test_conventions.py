"""The conventions of the original that a port trips over, each from its formula; no golden tensors needed."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from dreamitate_ros.generate.diffusion.condition import Condition
from dreamitate_ros.generate.diffusion.conditioning import make_condition, photo_frames, time_ids
from dreamitate_ros.generate.diffusion.denoise import denoise, denoising_loss, scalings, training_sigmas
from dreamitate_ros.generate.diffusion.latents import (
    Preview,
    decode,
    encode,
    encode_target,
    images_from_pixels,
    pixels_from_images,
)
from dreamitate_ros.generate.diffusion.network import predict
from dreamitate_ros.generate.diffusion.pipeline import StereoVideoPipeline
from dreamitate_ros.generate.diffusion.sampling import guidance_scales, sample
from dreamitate_ros.generate.diffusion.scheduler import original_scheduler
from dreamitate_ros.generate.diffusion.settings import Sampling
from dreamitate_ros.generate.diffusion.text import clip_tokenizer, embed_tokens, token_ids

FRAMES = 5


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def a_condition(clips: int = 1) -> Condition:
    ids = torch.tensor([[6.0, 200.0, 0.02]]).expand(clips, -1)
    return Condition(random(clips, 1, 1, 16), random(clips, FRAMES, 4, 8, 8, seed=1), ids)


def test_noise_levels_are_karras_with_rho_7_and_end_at_zero() -> None:
    scheduler = original_scheduler()
    scheduler.set_timesteps(30)
    ramp = np.linspace(0, 1, 30)
    sigmas = (700 ** (1 / 7) + ramp * (0.002 ** (1 / 7) - 700 ** (1 / 7))) ** 7
    np.testing.assert_allclose(scheduler.sigmas.numpy(), [*sigmas, 0.0], rtol=1e-5)
    np.testing.assert_allclose(scheduler.timesteps.numpy(), 0.25 * np.log(sigmas), rtol=1e-5, atol=1e-6)
    assert float(scheduler.init_noise_sigma) == pytest.approx(math.sqrt(1 + 700**2))


def test_preconditioning_is_that_of_v_prediction() -> None:
    skip, out, inward, noise = scalings(torch.tensor(3.0))
    assert (skip.item(), out.item(), inward.item()) == pytest.approx((0.1, -3 / 10**0.5, 1 / 10**0.5))
    assert noise.item() == pytest.approx(0.25 * math.log(3.0))


def test_only_the_noisy_latents_are_scaled(pipeline: StereoVideoPipeline) -> None:
    seen = []
    hook = pipeline.unet.register_forward_pre_hook(lambda module, args: seen.append(args))
    noisy, condition = random(1, FRAMES, 4, 8, 8, seed=2), a_condition()
    denoise(pipeline.unet, noisy, torch.tensor([3.0]), condition)
    hook.remove()
    inputs, timestep = seen[0][:2]
    torch.testing.assert_close(inputs[:, :, :4], noisy / 10**0.5)
    torch.testing.assert_close(inputs[:, :, 4:], condition.image_latents)
    assert timestep.item() == pytest.approx(0.25 * math.log(3.0))


def test_the_sampler_takes_the_steps_of_the_denoiser(pipeline: StereoVideoPipeline) -> None:
    """Euler in sigma on D, guided frame by frame; the last step lands on the denoised value."""
    noise, condition, scale = (
        random(1, FRAMES, 4, 8, 8, seed=3),
        a_condition(),
        guidance_scales(1.0, 2.5, FRAMES),
    )
    scheduler = original_scheduler()
    scheduler.set_timesteps(4)
    sigmas = scheduler.sigmas
    expected = noise * (1 + sigmas[0] ** 2) ** 0.5
    with torch.no_grad():
        for sigma, following in itertools.pairwise(sigmas):
            told = denoise(pipeline.unet, expected, sigma[None], condition)
            untold = denoise(pipeline.unet, expected, sigma[None], condition.unconditional())
            clean = untold + scale[:, None, None, None] * (told - untold)
            expected = expected + (expected - clean) / sigma * (following - sigma)
    found = sample(pipeline.unet, original_scheduler(), condition, noise, scale, 4)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(found, clean, rtol=1e-4, atol=1e-4)


def test_guidance_grows_over_the_packed_frames() -> None:
    assert guidance_scales(1.0, 2.5, 25)[[0, 1, 24]].tolist() == [1.0, 1.0625, 2.5]


def test_the_unconditional_branch_keeps_the_micro_conditioning() -> None:
    condition = a_condition()
    without = condition.unconditional()
    assert without.context.abs().max() == 0
    assert without.image_latents.abs().max() == 0
    assert torch.equal(without.time_ids, condition.time_ids)


def test_fps_is_given_as_it_is() -> None:
    assert time_ids(Sampling()).tolist() == [[6.0, 200.0, pytest.approx(0.02)]]


def test_sinusoids_begin_with_the_cosines(pipeline: StereoVideoPipeline) -> None:
    embedded = pipeline.unet.add_time_proj(torch.tensor([6.0]))[0]
    frequencies = 10000.0 ** (-torch.arange(4) / 4)
    expected = torch.cat([torch.cos(6 * frequencies), torch.sin(6 * frequencies)])
    torch.testing.assert_close(embedded, expected)


def test_thirteen_top_frames_then_twelve_side_frames_each_with_its_own_noise(
    pipeline: StereoVideoPipeline,
) -> None:
    top, side = torch.full((3, 8, 8), -0.5), torch.full((3, 8, 8), 0.5)
    frames = photo_frames(top, side, 13)
    assert frames[:, 0, 0, 0].tolist() == [-0.5] * 13 + [0.5] * 12
    seen = []
    hook = pipeline.vae.encoder.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
    noise = random(*frames.shape)
    condition = make_condition(pipeline.vae, frames, noise, random(1, 1, 1, 16), Sampling(), 25)
    hook.remove()
    torch.testing.assert_close(seen[0], frames + 0.02 * noise)
    with torch.no_grad():
        mean = pipeline.vae.encode(frames + 0.02 * noise).latent_dist.mean
    torch.testing.assert_close(condition.image_latents[0], mean)  # neither sampled nor scaled


def test_targets_are_sampled_and_scaled_and_decoding_undoes_the_scale(pipeline: StereoVideoPipeline) -> None:
    pixels = random(2, 3, 8, 8).clamp(-1, 1)
    with torch.no_grad():
        posterior = pipeline.vae.encode(pixels).latent_dist
        noise = random(*posterior.mean.shape, seed=5)
        expected = 0.18215 * (posterior.mean + posterior.std * noise)
        torch.testing.assert_close(encode_target(pipeline.vae, pixels, noise), expected)
        whole = pipeline.vae.decode(posterior.mean, num_frames=2).sample
        torch.testing.assert_close(decode(pipeline.vae, 0.18215 * posterior.mean, window=2), whole)
        torch.testing.assert_close(encode(pipeline.vae, pixels, at_once=1), posterior.mean)
        assert not torch.allclose(decode(pipeline.vae, 0.18215 * posterior.mean, window=1), whole)


def test_residual_blocks_have_the_epsilon_of_the_original(pipeline: StereoVideoPipeline) -> None:
    norms = {
        name: module.eps for name, module in pipeline.unet.named_modules() if isinstance(module, nn.GroupNorm)
    }
    residual = {eps for name, eps in norms.items() if "resnets" in name or name == "conv_norm_out"}
    attention = {eps for name, eps in norms.items() if "attentions" in name}
    assert (residual, attention) == ({1e-5}, {1e-6})


def test_frames_may_have_their_own_context(pipeline: StereoVideoPipeline) -> None:
    """Equal contexts give what one gives; the spatial layers see each frame's, the temporal ones the first's."""
    noisy, c_noise, shared = random(2, FRAMES, 4, 8, 8, seed=6), torch.tensor([0.1, 0.2]), a_condition(2)
    none = torch.zeros(2, FRAMES, dtype=torch.bool)

    def output(context: Tensor) -> Tensor:
        with torch.no_grad():
            return predict(
                pipeline.unet, noisy, c_noise, Condition(context, shared.image_latents, shared.time_ids)
            )

    each = shared.context.expand(-1, FRAMES, -1, -1)
    torch.testing.assert_close(output(each), output(shared.context))
    last = none.clone()
    last[0, -1] = True
    changed = output(shared.without(last, none).context)
    assert not torch.allclose(changed[0, -1], output(each)[0, -1])
    torch.testing.assert_close(changed[1], output(each)[1])


def test_temporal_attention_is_told_which_frames_it_sees(pipeline: StereoVideoPipeline) -> None:
    noisy, c_noise, condition = random(2, FRAMES, 4, 8, 8, seed=6), torch.tensor([0.1, 0.2]), a_condition(2)

    def output(told: Condition) -> Tensor:
        with torch.no_grad():
            return predict(pipeline.unet, noisy[:, : told.image_latents.shape[1]], c_noise, told)

    torch.testing.assert_close(output(condition.of_frames(torch.arange(FRAMES))), output(condition))
    first = condition.of_frames(torch.arange(2))
    elsewhere = replace(first, positions=torch.tensor([0, 4]))
    assert not torch.allclose(output(elsewhere), output(first))
    counted = replace(first, positions=None)
    torch.testing.assert_close(output(counted), output(first))


def test_dropping_is_per_frame_and_per_condition() -> None:
    context, image = torch.zeros(2, FRAMES, dtype=torch.bool), torch.zeros(2, FRAMES, dtype=torch.bool)
    context[0, 1], image[1, 2] = True, True
    dropped = a_condition(2).without(context, image)
    assert (dropped.context.abs().sum(dim=(2, 3)) == 0).nonzero().tolist() == [[0, 1]]
    assert (dropped.image_latents.abs().sum(dim=(2, 3, 4)) == 0).nonzero().tolist() == [[1, 2]]


def test_the_loss_weighs_what_the_denoiser_misses(pipeline: StereoVideoPipeline) -> None:
    latents, noise = random(2, FRAMES, 4, 8, 8, seed=7), random(2, FRAMES, 4, 8, 8, seed=8)
    sigma, condition = torch.tensor([0.5, 4.0]), a_condition(2)
    with torch.no_grad():
        found = denoising_loss(pipeline.unet, latents, noise, sigma, condition)
        estimate = denoise(
            pipeline.unet, latents + sigma[:, None, None, None, None] * noise, sigma, condition
        )
    weight = torch.tensor([1.25 / 0.25, 17 / 16])
    torch.testing.assert_close(found, weight[:, None] * ((estimate - latents) ** 2).mean(dim=(2, 3, 4)))


def test_training_noise_is_log_normal() -> None:
    torch.testing.assert_close(
        training_sigmas(torch.tensor([0.0, 1.0, -2.0])), torch.tensor([math.e, math.exp(2.6), math.exp(-2.2)])
    )


def test_prompts_are_openclips_tokens_filled_with_zeros(pipeline: StereoVideoPipeline) -> None:
    ids = token_ids(clip_tokenizer(), [" A photo  of a CAT&#33; ", "word " * 100])
    assert ids[0, :9].tolist() == [49406, 320, 1125, 539, 320, 2368, 256, 49407, 0]
    assert ids.shape == (2, 77)
    assert ids[1, -1] == 49407
    with torch.no_grad():
        embedded = embed_tokens(pipeline.text_encoder, ids)
        sequence = pipeline.text_encoder(input_ids=ids).last_hidden_state
    expected = pipeline.text_encoder.text_projection(sequence[0, 7])
    torch.testing.assert_close(embedded[0, 0], expected)


def test_pixels_round_trip_and_a_linear_preview_recovers_linear_latents() -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    pixels = pixels_from_images(images)
    np.testing.assert_array_equal(images_from_pixels(pixels), images)
    mixing = random(4, 3)
    latents = torch.einsum("lc,nchw->nlhw", mixing, pixels)
    shown = Preview.fitted(latents, pixels).images(latents)
    assert np.abs(shown.astype(int) - images.astype(int)).max() <= 1

"""Autoencoder, text encoder, and the condition they make."""

import torch
from diffusers import AutoencoderKLTemporalDecoder

from dreamitate_ros.generate.diffusion.conditioning import make_condition
from dreamitate_ros.generate.diffusion.latents import decode, encode, encode_target
from dreamitate_ros.generate.diffusion.parity.golden import Comparisons, Golden
from dreamitate_ros.generate.diffusion.pipeline import StereoVideoPipeline
from dreamitate_ros.generate.diffusion.settings import Sampling
from dreamitate_ros.generate.diffusion.text import embed_tokens, token_ids

CHUNK = 10
"""Frames a window of the golden array decoded_chunk10, which has frames 9 and 10: the two at the border."""


@torch.no_grad()
def vae_case(
    golden: Golden, vae: AutoencoderKLTemporalDecoder, target_vae: AutoencoderKLTemporalDecoder
) -> Comparisons:
    """What training aims at, what the condition has, and decoding in windows of two lengths."""
    frames = golden["frames"]
    posterior = target_vae.encode(frames).latent_dist
    yield golden.compare("fs_moments", torch.cat([posterior.mean, posterior.logvar], dim=1))
    yield golden.compare("fs_z_scaled", encode_target(target_vae, frames, golden["fs_eps"]))
    yield golden.compare("cond_z_unscaled", encode(vae, frames, at_once=2))
    latents = golden["latent"]
    yield golden.compare("decoded", decode(vae, latents, window=len(latents)))
    yield golden.compare("decoded_chunk10", decode(vae, latents, window=CHUNK)[CHUNK - 1 : CHUNK + 1])


@torch.no_grad()
def text_case(golden: Golden, pipeline: StereoVideoPipeline) -> Comparisons:
    """Tokens, the sequence after the last norm, and the vector for cross-attention."""
    ids = token_ids(pipeline.tokenizer, [str(prompt) for prompt in golden.arrays["prompts"]])
    yield golden.compare("token_ids", ids)
    encoded = pipeline.text_encoder(input_ids=golden["token_ids"])
    yield golden.compare("sequence_ln_final", encoded.last_hidden_state)
    yield golden.compare("pooled", encoded.text_embeds)
    yield golden.compare("embedder_out", embed_tokens(pipeline.text_encoder, golden["token_ids"]))


@torch.no_grad()
def conditioning_case(golden: Golden, pipeline: StereoVideoPipeline) -> Comparisons:
    """Both branches of guidance, from photos and tokens. The file's photos already have their noise."""
    sampling = Sampling(
        fps_id=int(golden["fps_id"]),
        motion_bucket_id=int(golden["motion_bucket_id"]),
        noise_augmentation=float(golden["cond_aug"]),
    )
    frames = golden["cond_frames"]
    context = embed_tokens(pipeline.text_encoder, golden["token_ids"])[None]
    condition = make_condition(pipeline.vae, frames, torch.zeros_like(frames), context, sampling, len(frames))
    for branch, told in (("c", condition), ("uc", condition.unconditional())):
        vector = pipeline.unet.add_time_proj(told.time_ids.flatten()).flatten()
        yield golden.compare(f"{branch}_vector", vector)
        yield golden.compare(f"{branch}_crossattn", told.context[0, 0])
    yield golden.compare("c_concat", condition.image_latents[0])
    yield golden.compare("uc_concat_absmax", condition.unconditional().image_latents.abs().max())

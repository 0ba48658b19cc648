"""A model as it is described, with random weights: where a training starts from nothing."""

import torch
from diffusers import AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from dreamitate_ros.generate.diffusion.description import ModelDescription
from dreamitate_ros.generate.diffusion.pipeline import StereoVideoPipeline
from dreamitate_ros.generate.diffusion.scheduler import original_scheduler
from dreamitate_ros.generate.diffusion.text import LENGTH, clip_tokenizer

VOCABULARY_SIZE = 49408


def new_model(description: ModelDescription, seed: int) -> StereoVideoPipeline:
    """The same weights for the same seed. The text encoder is never trained: it tells prompts apart as it is."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        pipeline = StereoVideoPipeline(
            new_unet(description),
            new_vae(description),
            original_scheduler(description.sigma_min, description.sigma_max),
            new_text_encoder(description),
            clip_tokenizer(),
            imagines_change=description.imagines_change,
        )
    for component in (pipeline.unet, pipeline.vae, pipeline.text_encoder):
        component.eval()
    return pipeline


def new_unet(description: ModelDescription) -> UNetSpatioTemporalConditionModel:
    """Its sample_size is the latents' (height, width): the size that the model imagines at."""
    kinds = ["CrossAttn" if attends else "" for attends in description.unet_attention]
    return UNetSpatioTemporalConditionModel(
        sample_size=description.latent_size,
        in_channels=2 * description.vae_latent_channels,
        out_channels=description.vae_latent_channels,
        block_out_channels=description.unet_channels,
        down_block_types=tuple(f"{kind}DownBlockSpatioTemporal" for kind in kinds),
        up_block_types=tuple(f"{kind}UpBlockSpatioTemporal" for kind in reversed(kinds)),
        layers_per_block=description.unet_layers,
        num_attention_heads=tuple(
            channels // description.head_channels for channels in description.unet_channels
        ),
        cross_attention_dim=description.text_width,
    )


def new_vae(description: ModelDescription) -> AutoencoderKLTemporalDecoder:
    """Encoder of single frames, decoder that smooths over time."""
    return AutoencoderKLTemporalDecoder(
        block_out_channels=description.vae_channels,
        down_block_types=("DownEncoderBlock2D",) * len(description.vae_channels),
        layers_per_block=description.vae_layers,
        latent_channels=description.vae_latent_channels,
    )


def new_text_encoder(description: ModelDescription) -> CLIPTextModelWithProjection:
    """Of CLIP's tokens, in OpenCLIP's layout."""
    return CLIPTextModelWithProjection(
        CLIPTextConfig(
            vocab_size=VOCABULARY_SIZE,
            hidden_size=description.text_width,
            intermediate_size=4 * description.text_width,
            projection_dim=description.text_width,
            num_hidden_layers=description.text_layers,
            num_attention_heads=description.text_heads,
            max_position_embeddings=LENGTH,
            hidden_act="gelu",
            bos_token_id=VOCABULARY_SIZE - 2,
            eos_token_id=VOCABULARY_SIZE - 1,
            pad_token_id=0,
        )
    )


def parameters_m(pipeline: StereoVideoPipeline) -> dict[str, float]:
    """Millions of parameters of each network."""
    networks = {name: part for name, part in pipeline.components.items() if isinstance(part, torch.nn.Module)}
    return {
        name: sum(parameter.numel() for parameter in network.parameters()) / 1e6
        for name, network in networks.items()
    }

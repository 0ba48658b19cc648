"""A model of toy size with random weights, of the same classes as the real one."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from dreamitate_ros.generate.diffusion.pipeline import StereoVideoPipeline
from dreamitate_ros.generate.diffusion.scheduler import original_scheduler
from dreamitate_ros.generate.diffusion.text import clip_tokenizer
from dreamitate_ros.values import StereoImage


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Sums in one order, whatever machine runs the tests."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def pipeline() -> StereoVideoPipeline:
    torch.manual_seed(0)
    unet = UNetSpatioTemporalConditionModel(
        block_out_channels=(32, 64),
        down_block_types=("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
        up_block_types=("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
        num_attention_heads=(2, 4),
        layers_per_block=1,
        cross_attention_dim=16,
        addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=24,
    )
    vae = AutoencoderKLTemporalDecoder(
        block_out_channels=(32, 32), down_block_types=("DownEncoderBlock2D",) * 2, layers_per_block=1
    )
    text = CLIPTextConfig(
        vocab_size=49408,
        hidden_size=16,
        intermediate_size=32,
        projection_dim=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        hidden_act="gelu",
        bos_token_id=49406,
        eos_token_id=49407,
        pad_token_id=0,
    )
    pipeline = StereoVideoPipeline(
        unet, vae, original_scheduler(), CLIPTextModelWithProjection(text), clip_tokenizer()
    )
    for component in (pipeline.unet, pipeline.vae, pipeline.text_encoder):
        component.eval()
    return pipeline


@pytest.fixture
def photos() -> StereoImage:
    random = np.random.default_rng(0)
    return StereoImage(*(random.integers(0, 255, (16, 24, 3), dtype=np.uint8) for _ in range(2)))

"""A model of toy size with random weights, of the same classes as the real one."""

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from dreamitate_ros.generate.diffusion.pipeline import StereoVideoPipeline
from dreamitate_ros.generate.diffusion.scheduler import original_scheduler
from dreamitate_ros.generate.diffusion.text import clip_tokenizer
from dreamitate_ros.generate.diffusion.train.config import UnetTrainingConfig
from dreamitate_ros.generate.video_file import write_frames
from dreamitate_ros.values import StereoImage


@pytest.fixture(autouse=True)
def sums_in_one_order(one_thread: None) -> None:
    """Whatever machine runs the tests."""


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


def shades(count: int, level: int) -> np.ndarray:
    """(count, 48, 72, 3) frames of one grey each, brighter by 100 in all."""
    levels = np.linspace(level, level + 100, count).astype(np.uint8)
    return levels[:, None, None, None].repeat(48, 1).repeat(72, 2).repeat(3, 3)


@pytest.fixture
def config(pipeline: StereoVideoPipeline, tmp_path: Path) -> UnetTrainingConfig:
    """A model folder and two demonstrations of 20 frames at 12 fps."""
    pipeline.save_pretrained(tmp_path / "start")
    lines = []
    for name, level in (("a", 10), ("b", 100)):
        for view, offset in (("top", 0), ("side", 40)):
            folder = tmp_path / "data" / view
            folder.mkdir(parents=True, exist_ok=True)
            write_frames(folder / f"{name}.mp4", shades(20, level + offset), fps=12.0)
        lines.append(f"top/{name}.mp4|||turn object {name}")
    (tmp_path / "data" / "train.txt").write_text("\n".join(lines) + "\n")
    return UnetTrainingConfig(
        model=tmp_path / "start",
        demonstrations=tmp_path / "data" / "train.txt",
        output=tmp_path / "out",
        width=24,
        height=16,
        times=3,
        steps=4,
        accumulate=2,
        learning_rate=1e-3,
        warm_up=2,
        drop=0.3,
        ema=0.9,
        checkpoint_every=2,
    )

"""The diffusion model behind the stage's seam."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion import settings
from dreamitate_ros.generate.diffusion.generator import DiffusionGenerator
from dreamitate_ros.generate.diffusion.pipeline import StereoVideoPipeline
from dreamitate_ros.generate.diffusion.settings import MEMORY, Sampling
from dreamitate_ros.generate.generator import Generator
from dreamitate_ros.task import Task
from dreamitate_ros.values import StereoImage

TASK = Task("turn", "turn it", {"left": "block_left"}, 5.0, 4, 0.5, 30.0, 0.5, ((-1, 1),) * 3)


def silent(fraction: float, text: str) -> None:
    assert 0 <= fraction <= 1


def test_it_imagines_what_the_task_asks_for(pipeline: StereoVideoPipeline, photos: StereoImage) -> None:
    generator: Generator = DiffusionGenerator(pipeline, Sampling(steps=1), MEMORY["24GB"])
    video = generator.generate(photos, TASK, 3, silent, lambda: False)
    assert (video.fps, len(video.top), len(video.side)) == (5.0, 4, 4)


def test_it_is_loaded_by_the_names_of_presets(
    pipeline: StereoVideoPipeline, photos: StereoImage, tmp_path: Path
) -> None:
    pipeline.save_pretrained(tmp_path)
    generator = DiffusionGenerator.load(tmp_path, "released", "8GB", "cpu")
    generator.warm_up(photos.top.shape[1], photos.top.shape[0], 2)
    assert generator.sampling.guidance_first == 2.0
    assert generator.memory.decode_window == 2
    for arguments in (("unheard", "8GB"), ("paper", "1GB")):
        with pytest.raises(DreamitateError, match="known: ") as caught:
            DiffusionGenerator.load(tmp_path, *arguments)
        assert caught.value.code == ErrorCode.INVALID_PARAMETER


def test_where_memory_runs_out_fewer_frames_are_decoded_at_once(
    pipeline: StereoVideoPipeline, photos: StereoImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows = out_of_memory_above(3, pipeline, monkeypatch)
    generator = DiffusionGenerator(pipeline, Sampling(steps=1), MEMORY["24GB"])
    video = generator.generate(photos, TASK, 0, silent, lambda: False)
    assert windows[:2] == [7, 5]
    assert max(windows[2:]) == 2
    small = replace(MEMORY["exact"], decode_window=2)
    monkeypatch.undo()
    again = DiffusionGenerator(pipeline, Sampling(steps=1), small).generate(
        photos, TASK, 0, silent, lambda: False
    )
    assert np.abs(video.top.astype(int) - again.top.astype(int)).max() <= 1


def test_where_nothing_helps_the_error_says_what_would(
    pipeline: StereoVideoPipeline, photos: StereoImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    out_of_memory_above(0, pipeline, monkeypatch)
    generator = DiffusionGenerator(pipeline, Sampling(steps=1), MEMORY["exact"])
    with pytest.raises(DreamitateError, match="8GB") as caught:
        generator.generate(photos, TASK, 0, silent, lambda: False)
    assert caught.value.code == ErrorCode.OUT_OF_MEMORY


def test_numbers_that_are_not_finite_are_no_video(
    pipeline: StereoVideoPipeline, photos: StereoImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    bias = pipeline.unet.conv_out.bias
    monkeypatch.setattr(bias, "data", bias.data + float("nan"))
    generator = DiffusionGenerator(pipeline, Sampling(steps=1), MEMORY["exact"])
    with pytest.raises(DreamitateError, match="finite") as caught:
        generator.generate(photos, TASK, 0, silent, lambda: False)
    assert caught.value.code == ErrorCode.GENERATION_FAILED


def test_the_presets_ask_for_less_the_less_memory_they_are_for() -> None:
    windows = [settings.memory_preset(name).decode_window for name in ("8GB", "14GB", "24GB", "exact")]
    assert windows == sorted(set(windows))


def out_of_memory_above(
    limit: int, pipeline: StereoVideoPipeline, monkeypatch: pytest.MonkeyPatch
) -> list[int]:
    """Decoding more than `limit` frames at once fails as on a full GPU; the windows that were tried."""
    windows: list[int] = []
    decode = pipeline.vae.decode

    def limited(latents: torch.Tensor, num_frames: int) -> object:
        windows.append(num_frames)
        if num_frames > limit:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return decode(latents, num_frames=num_frames)

    monkeypatch.setattr(pipeline.vae, "decode", limited)
    return windows

"""The diffusion model behind the stage's seam."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion import settings
from dreamitate_ros.generate.diffusion.compiled import compile_blocks
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


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"sampling": "unheard"}, "known: paper"),
        ({"memory": "1GB"}, "known: 8GB"),
        ({"solver": "heun"}, "known: euler"),
        ({"device": "tpu"}, "known: auto"),
    ],
)
def test_an_unknown_choice_lists_the_known_ones(
    arguments: dict[str, str], words: str, pipeline: StereoVideoPipeline, tmp_path: Path
) -> None:
    pipeline.save_pretrained(tmp_path)
    with pytest.raises(DreamitateError, match=words) as caught:
        DiffusionGenerator.load(tmp_path, **arguments)
    assert caught.value.code == ErrorCode.INVALID_PARAMETER


def test_a_gpu_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DreamitateError, match="no CUDA GPU") as caught:
        DiffusionGenerator.load(tmp_path, device="cuda")
    assert caught.value.code == ErrorCode.INVALID_PARAMETER


def test_steps_and_solver_replace_the_presets() -> None:
    sampling = settings.sampling_preset("released", 7, "dpm++")
    assert sampling == replace(settings.SAMPLING["released"], steps=7, solver="dpm++")


def test_warm_up_is_of_the_size_that_the_model_sees(
    pipeline: StereoVideoPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StereoVideoPipeline, "native_size", property(lambda _: (24, 16)))
    seen: list[torch.Size] = []
    encode = pipeline.vae.encode
    monkeypatch.setattr(pipeline.vae, "encode", lambda pixels: seen.append(pixels.shape) or encode(pixels))
    DiffusionGenerator(pipeline, Sampling(steps=1), MEMORY["24GB"]).warm_up(48, 32, 2)
    assert seen and {tuple(shape[-2:]) for shape in seen} == {(16, 24)}


def test_compiled_blocks_compute_the_same(pipeline: StereoVideoPipeline, photos: StereoImage) -> None:
    """Traced as for torch.compile, run as they are: the compiler itself would take minutes."""
    generator = DiffusionGenerator(pipeline, Sampling(steps=1), MEMORY["exact"])
    plain = generator.generate(photos, TASK, 0, silent, lambda: False)
    compiled = replace(generator, pipeline=copy.deepcopy(pipeline))
    compile_blocks(compiled.pipeline.unet, backend="eager")
    again = compiled.generate(photos, TASK, 0, silent, lambda: False)
    assert np.abs(plain.top.astype(int) - again.top.astype(int)).max() <= 1
    with pytest.raises(Cancelled):
        compiled.generate(photos, TASK, 0, silent, lambda: True)


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

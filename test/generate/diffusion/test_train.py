"""Training a model of toy size on two tiny demonstrations."""

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from safetensors.torch import load_file

from dreamitate_ros.cli import main
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.pipeline import StereoVideoPipeline
from dreamitate_ros.generate.diffusion.train.config import UnetTrainingConfig
from dreamitate_ros.generate.diffusion.train.config_file import load_training
from dreamitate_ros.generate.diffusion.train.demonstrations import (
    clip_frames,
    list_demonstrations,
    read_clip,
)
from dreamitate_ros.generate.diffusion.train.eight_bit import adamw_8bit
from dreamitate_ros.generate.diffusion.train.loop import warn_of_emulation
from dreamitate_ros.generate.diffusion.train.start import train
from dreamitate_ros.generate.diffusion.train.unet import trained_parameters
from dreamitate_ros.generate.video_file import write_frames


def silent(fraction: float, text: str) -> None:
    assert 0 <= fraction <= 1


def never() -> bool:
    return False


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "unet" / "diffusion_pytorch_model.safetensors")


def losses(config: UnetTrainingConfig) -> list[dict[str, float]]:
    return [json.loads(line) for line in (config.output / "losses.jsonl").read_text().splitlines()]


def test_a_resumed_training_is_the_uninterrupted_one_bit_for_bit(
    config: UnetTrainingConfig, tmp_path: Path
) -> None:
    whole = weights(train(config, silent, never, cpu=True))
    halved = replace(config, output=tmp_path / "halved")
    train(replace(halved, steps=2), silent, never, cpu=True)
    resumed = weights(train(halved, silent, never, cpu=True))
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    assert losses(config) == losses(halved)
    assert [line["step"] for line in losses(config)] == [1, 2, 3, 4]


def test_only_attention_is_trained_as_in_the_paper(config: UnetTrainingConfig) -> None:
    before, after = weights(config.model), weights(train(config, silent, never, cpu=True))
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert all(".attn1." in name or ".attn2." in name for name in changed)
    assert {"transformer_blocks", "temporal_transformer_blocks"} <= {
        part for name in changed for part in name.split(".")
    }


def test_all_is_trained_as_in_the_release(pipeline: StereoVideoPipeline) -> None:
    everything = len(list(pipeline.unet.parameters()))
    assert len(trained_parameters(pipeline.unet, "attention")) < everything
    assert len(trained_parameters(pipeline.unet, "all")) == everything


def test_lora_changes_attention_by_matrices_of_low_rank_and_leaves_a_plain_model(
    config: UnetTrainingConfig, tmp_path: Path
) -> None:
    lora = replace(config, trainable="lora", lora_rank=2, learning_rate=0.1)
    before, after = weights(config.model), weights(train(lora, silent, never, cpu=True))
    assert before.keys() == after.keys()
    changes = {
        name: after[name] - before[name] for name in before if not torch.equal(before[name], after[name])
    }
    assert {name.split(".")[-2] for name in changes} == {"to_q", "to_k", "to_v", "0"}
    assert all(".attn1." in name or ".attn2." in name for name in changes)
    spread = torch.linalg.svdvals(changes[max(changes, key=lambda name: changes[name].abs().sum())])
    assert spread[1] > 1e-4 and spread[2] < 1e-3 * spread[0]

    halved = replace(lora, output=tmp_path / "halved")
    train(replace(halved, steps=2), silent, never, cpu=True)
    resumed = weights(train(halved, silent, never, cpu=True))
    assert all(torch.equal(after[name], resumed[name]) for name in after)


def test_an_optimiser_of_8_bits_needs_a_gpu_and_its_package(
    config: UnetTrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DreamitateError, match="CUDA GPU"):
        train(replace(config, optimizer="adamw8bit"), silent, never, cpu=True)
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(DreamitateError, match="pip install bitsandbytes"):
        adamw_8bit(torch.device("cuda"))


@pytest.mark.parametrize("computes", [True, False])
def test_a_cpu_that_only_emulates_bfloat16_is_told_of(
    monkeypatch: pytest.MonkeyPatch, computes: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx512_bf16": computes})
    said: list[str] = []
    warn_of_emulation("bf16", torch.device("cpu"), said.append)
    assert [line for line in said if "emulated on this CPU" in line] == said
    assert bool(said) != computes
    warn_of_emulation("no", torch.device("cpu"), said.append)
    warn_of_emulation("bf16", torch.device("cuda"), said.append)
    assert len(said) == (not computes)


def test_stopping_saves_a_checkpoint_first(config: UnetTrainingConfig) -> None:
    with pytest.raises(Cancelled):
        train(config, silent, lambda: (config.output / "losses.jsonl").exists(), cpu=True)
    assert [path.name for path in (config.output / "checkpoints").iterdir()] == ["step_00000001"]


def test_a_checkpoint_that_was_not_finished_is_not_used(
    config: UnetTrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(replace(config, steps=2), silent, never, cpu=True)

    save_state = Accelerator.save_state

    def dies(accelerator: Accelerator, folder: str) -> None:
        save_state(accelerator, folder)
        raise KeyboardInterrupt

    monkeypatch.setattr(Accelerator, "save_state", dies)
    with pytest.raises(KeyboardInterrupt):
        train(config, silent, never, cpu=True)
    monkeypatch.undo()
    folder = config.output / "checkpoints"
    assert {path.name for path in folder.iterdir() if path.name.startswith("step_")} == {"step_00000002"}
    train(config, silent, never, cpu=True)
    assert sorted(path.name for path in folder.iterdir()) == ["step_00000002", "step_00000004"]


@pytest.mark.parametrize("file", ["model.safetensors", "optimizer.bin"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_serves(
    config: UnetTrainingConfig, file: str
) -> None:
    train(replace(config, steps=4), silent, never, cpu=True)
    last = config.output / "checkpoints" / "step_00000004"
    (last / file).write_bytes((last / file).read_bytes()[:1000])
    with pytest.raises(DreamitateError, match=r"step_00000004 is damaged.*delete it") as caught:
        train(replace(config, steps=5), silent, never, cpu=True)
    assert caught.value.code == ErrorCode.INVALID_PARAMETER
    shutil.rmtree(last)
    train(replace(config, steps=5), silent, never, cpu=True)
    assert [line["step"] for line in losses(config)] == [1, 2, 3, 4, 5]


def test_a_training_of_other_settings_is_not_continued(config: UnetTrainingConfig) -> None:
    train(replace(config, steps=1), silent, never, cpu=True)
    with pytest.raises(DreamitateError, match="learning_rate"):
        train(replace(config, learning_rate=1.0), silent, never, cpu=True)
    config.demonstrations.write_text("top/b.mp4|||turn object b\n")
    with pytest.raises(DreamitateError, match="set of videos"):
        train(config, silent, never, cpu=True)


def test_a_loss_that_is_not_finite_stops_and_keeps_the_last_checkpoint(
    config: UnetTrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(replace(config, steps=2), silent, never, cpu=True)
    monkeypatch.setattr(
        "dreamitate_ros.generate.diffusion.train.unet.denoising_loss",
        lambda unet, *rest: unet.conv_out.bias.sum() + torch.tensor(float("nan"), requires_grad=True),
    )
    with pytest.raises(DreamitateError, match="nan at step 3, batch 4") as caught:
        train(config, silent, never, cpu=True)
    assert caught.value.code == ErrorCode.GENERATION_FAILED
    assert [path.name for path in (config.output / "checkpoints").iterdir()] == ["step_00000002"]


def test_the_stride_follows_the_frame_rate_and_short_videos_repeat_their_last_frame() -> None:
    assert clip_frames(100, 30.0, 13, 6.0) == list(range(0, 65, 5))
    assert clip_frames(20, 15.0, 13, 6.0) == [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 19, 19, 19]


def test_a_clip_has_the_top_view_then_the_side_view_without_its_photo(config: UnetTrainingConfig) -> None:
    demonstration = list_demonstrations(config.demonstrations)[0]
    frames = read_clip(demonstration, 24, 16, 3, 6.0)
    assert frames.shape == (6, 16, 24, 3)
    expected = [
        int(np.linspace(level, level + 100, 20)[i])
        for level, i in ((10, 0), (10, 2), (10, 4), (50, 2), (50, 4), (50, 0))
    ]
    assert np.abs(frames[:, 8, 12, 0].astype(int) - expected).max() <= 6


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("top/a.mp4", "line 2"),
        ("top/absent.mp4|||turn", r"line 2.*absent\.mp4"),
        ("view/a.mp4|||turn", "'top' in the path"),
        ("top/a.mp4|||", "line 2"),
    ],
)
def test_a_wrong_line_is_named(config: UnetTrainingConfig, line: str, names: str) -> None:
    config.demonstrations.write_text(f"top/b.mp4|||turn\n{line}\n")
    with pytest.raises(DreamitateError, match=names):
        list_demonstrations(config.demonstrations)


def test_views_of_different_length_are_refused(config: UnetTrainingConfig) -> None:
    write_frames(
        config.demonstrations.parent / "side" / "a.mp4", np.full((19, 48, 72, 3), 50, np.uint8), fps=12.0
    )
    with pytest.raises(DreamitateError, match=r"20 frames .* 19") as caught:
        read_clip(list_demonstrations(config.demonstrations)[0], 24, 16, 3, 6.0)
    assert caught.value.code == ErrorCode.WRONG_CLIP_LENGTH


def test_the_command_trains_from_a_yaml_file(
    config: UnetTrainingConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "train.yaml"
    settings = f"model: {config.model}\ndemonstrations: {config.demonstrations}\noutput: {config.output}\n"
    path.write_text(f"{settings}width: 24\nheight: 16\ntimes: 3\nsteps: 1\ntrainable: all\nema: null\n")
    assert load_training(path).trainable == "all"
    assert main(["train", str(path), "--cpu"]) == 0
    assert "trained model" in capsys.readouterr().out
    StereoVideoPipeline.from_pretrained(config.output / "model")


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("stepz: 3", "'stepz' is unknown"),
        ("steps: 0", "steps must be a number from 1"),
        ("trainable: some", "attention, all"),
        ("versions: 0", "versions must be a number from 1"),
        ("times_drawn: 13", "must be below times"),
        ("crop: 600", "crop .600 px. must fit into 768x448"),
        ("times_drawn: 1.5", "times_drawn must be a whole number"),
        ("contrast: 1.5", "contrast must be a number from 0"),
        ("ema: high", "ema must be a number"),
        ("gradient_checkpointing: 3", "true or false"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, line: str, names: str) -> None:
    path = tmp_path / "train.yaml"
    path.write_text(f"model: a\ndemonstrations: b\noutput: c\n{line}\n")
    with pytest.raises(DreamitateError, match=names):
        load_training(path)
    path.write_text("model: a\n")
    with pytest.raises(DreamitateError, match="'demonstrations' is missing"):
        load_training(path)


@pytest.mark.parametrize(
    "path", sorted((config_directory() / "training").glob("*.yaml")), ids=lambda path: path.stem
)
def test_the_trainings_that_come_along_are_valid(path: Path) -> None:
    assert load_training(path).steps > 0

"""Training an autoencoder of toy size on two tiny demonstrations."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from dreamitate_ros.cli import main
from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.description import ModelDescription
from dreamitate_ros.generate.diffusion.new_model import new_model
from dreamitate_ros.generate.diffusion.pipeline import StereoVideoPipeline
from dreamitate_ros.generate.diffusion.train.config import VaeTrainingConfig
from dreamitate_ros.generate.diffusion.train.config_file import load_training
from dreamitate_ros.generate.diffusion.train.demonstrations import list_demonstrations
from dreamitate_ros.generate.diffusion.train.frame_cache import (
    decode_demonstrations,
    load_frames,
    load_motion,
)
from dreamitate_ros.generate.diffusion.train.start import train
from dreamitate_ros.generate.diffusion.train.vae_batches import make_vae_batch
from dreamitate_ros.generate.video_file import write_frames

MODEL = ModelDescription(96, 64, (32, 32), (True, False), 1, 16, (32, 32), 1, 8, 8, 1, 2, False, 0.002, 700.0)
SQUARE = slice(16, 32), slice(64, 80)  # rows and columns in which the top videos move


def silent(fraction: float, text: str) -> None:
    assert 0 <= fraction <= 1


def never() -> bool:
    return False


@pytest.fixture
def config(tmp_path: Path) -> VaeTrainingConfig:
    """Two demonstrations; in the top view a square lights up, in the side view nothing moves."""
    new_model(MODEL, 0).save_pretrained(tmp_path / "start")
    random = np.random.default_rng(0)
    for name in ("a", "b"):
        for view in ("top", "side"):
            (tmp_path / view).mkdir(exist_ok=True)
            frames = np.repeat(random.integers(60, 90, (1, 64, 96, 3), dtype=np.uint8), 4, axis=0)
            if view == "top":
                frames[1:, *SQUARE] = 220
            write_frames(tmp_path / view / f"{name}.mp4", frames, fps=6.0, crf=0)
    (tmp_path / "train.txt").write_text("top/a.mp4|||turn\ntop/b.mp4|||turn\n")
    return VaeTrainingConfig(
        model=tmp_path / "start",
        demonstrations=tmp_path / "train.txt",
        output=tmp_path / "out",
        width=96,
        height=64,
        times=4,
        crop=32,
        window=2,
        steps=4,
        batch=2,
        learning_rate=1e-3,
        ema=0.5,
        checkpoint_every=2,
    )


def vae_weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "vae" / "diffusion_pytorch_model.safetensors")


def losses(config: VaeTrainingConfig) -> list[float]:
    return [json.loads(line)["loss"] for line in (config.output / "losses.jsonl").read_text().splitlines()]


def test_a_resumed_training_is_the_uninterrupted_one_bit_for_bit(
    config: VaeTrainingConfig, tmp_path: Path
) -> None:
    whole = vae_weights(train(config, silent, never, cpu=True))
    halved = replace(config, output=tmp_path / "halved")
    train(replace(halved, steps=2), silent, never, cpu=True)
    resumed = vae_weights(train(halved, silent, never, cpu=True))
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    assert losses(config) == losses(halved)
    before = vae_weights(config.model)
    assert {name.split(".")[0] for name in before if not torch.equal(before[name], whole[name])} == {
        "encoder", "decoder", "quant_conv",
    }  # fmt: skip


def test_it_learns_and_scales_its_latents_to_one(config: VaeTrainingConfig) -> None:
    longer = replace(config, steps=24, checkpoint_every=24, learning_rate=4e-3, kl_weight=0.0)
    pipeline = StereoVideoPipeline.from_pretrained(train(longer, silent, never, cpu=True))
    found = losses(longer)
    assert np.mean(found[-5:]) < 0.6 * np.mean(found[:2])
    clip = next((config.output / "frames").glob("*.safetensors"))
    pixels = load_frames(clip)[:, -1].permute(0, 3, 1, 2).float() / 127.5 - 1
    latents = pipeline.vae.encode(pixels).latent_dist.mean.detach() * pipeline.vae.config.scaling_factor
    assert float(latents.std()) == pytest.approx(1.0, abs=0.1)


def test_only_the_autoencoder_changes(config: VaeTrainingConfig) -> None:
    folder = train(replace(config, steps=1), silent, never, cpu=True)
    name = Path("unet") / "diffusion_pytorch_model.safetensors"
    before, after = load_file(config.model / name), load_file(folder / name)
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_stopping_saves_a_checkpoint_and_a_loss_that_is_not_finite_keeps_it(
    config: VaeTrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Cancelled):
        train(config, silent, lambda: (config.output / "losses.jsonl").exists(), cpu=True)
    monkeypatch.setattr(
        "dreamitate_ros.generate.diffusion.train.vae._mean", lambda error: error.sum() * float("nan")
    )
    with pytest.raises(DreamitateError, match="nan at step 2, batch 1") as caught:
        train(config, silent, never, cpu=True)
    assert caught.value.code == ErrorCode.GENERATION_FAILED
    assert [path.name for path in (config.output / "checkpoints").iterdir()] == ["step_00000001"]


def test_cut_outs_are_taken_where_the_video_moves(config: VaeTrainingConfig) -> None:
    clips = decode_demonstrations(list_demonstrations(config.demonstrations), config, silent, never)
    motion = load_motion(clips[0], 0)
    assert motion.shape == (4, 6)
    assert np.unravel_index(int(motion.argmax()), motion.shape) == (1, 4)
    assert load_motion(clips[0], 1).max() < 4
    vae = new_model(MODEL, 0).vae
    moving = replace(config, batch=32, moving_share=1.0, brightness=0.0, contrast=0.0, saturation=0.0)

    def lit(setting: VaeTrainingConfig) -> float:
        """Share of the cut-outs whose last frame shows the square."""
        batch = make_vae_batch(clips, 0, setting, vae, torch.device("cpu"))
        assert batch.pixels.shape == (32, 2, 3, 32, 32) and batch.noise.shape == (64, 8, 16, 16)
        return float((batch.pixels[:, -1] > 0.5).flatten(1).any(dim=1).float().mean())

    assert lit(moving) > lit(replace(moving, moving_share=0.0))
    first, again = (make_vae_batch(clips, 3, moving, vae, torch.device("cpu")) for _ in range(2))
    assert torch.equal(first.pixels, again.pixels) and torch.equal(first.noise, again.noise)


def test_the_frames_are_both_views_in_order(config: VaeTrainingConfig) -> None:
    clips = decode_demonstrations(list_demonstrations(config.demonstrations), config, silent, never)
    frames = load_frames(clips[0]).numpy()
    assert frames.shape == (2, 4, 64, 96, 3)
    assert frames[0, 0, *SQUARE].mean() < 100 and frames[0, 1:, *SQUARE].mean() > 200
    assert frames[1, :, *SQUARE].mean() < 100
    written = clips[0].stat().st_mtime_ns
    again = decode_demonstrations(list_demonstrations(config.demonstrations), config, silent, never)
    assert again == clips and clips[0].stat().st_mtime_ns == written


def test_the_command_trains_what_the_file_says(
    config: VaeTrainingConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "vae.yaml"
    path.write_text(
        f"trains: vae\nmodel: {config.model}\ndemonstrations: {config.demonstrations}\n"
        f"output: {config.output}\nwidth: 96\nheight: 64\ntimes: 4\ncrop: 32\nwindow: 2\nsteps: 1\n"
    )
    assert isinstance(load_training(path), VaeTrainingConfig)
    assert main(["train", str(path), "--cpu"]) == 0
    assert "trained model" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("crop: 300", "must fit into"),
        ("window: 14", "must fit into"),
        ("trainable: all", "'trainable' is unknown"),
        ("crop: 64.5", "crop must be a whole number"),
        ("trains: clip", "one of unet, vae"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, line: str, names: str) -> None:
    path = tmp_path / "train.yaml"
    path.write_text(f"model: a\ndemonstrations: b\noutput: c\nwidth: 384\nheight: 224\n{line}\n")
    if not line.startswith("trains"):
        path.write_text(f"{path.read_text()}trains: vae\n")
    with pytest.raises(DreamitateError, match=names):
        load_training(path)


def test_a_cut_out_that_is_no_whole_number_of_latents_is_named(config: VaeTrainingConfig) -> None:
    with pytest.raises(DreamitateError, match=r"crop \(31\) must be multiples of the 2 px"):
        train(replace(config, crop=31), silent, never, cpu=True)


def test_a_linear_start_trains_the_decoder_and_leaves_the_encoder(
    config: VaeTrainingConfig, tmp_path: Path
) -> None:
    new_model(replace(MODEL, vae_channels=(64, 32, 32, 64)), 0).save_pretrained(tmp_path / "levels")
    linear = replace(
        config, model=tmp_path / "levels", linear=True, steps=60, learning_rate=3e-3, checkpoint_every=20
    )
    first = vae_weights(train(replace(linear, steps=20), silent, never, cpu=True))
    folder = train(linear, silent, never, cpu=True)
    last = vae_weights(folder)
    told = losses(linear)
    assert np.mean(told[-10:]) < 0.5 * np.mean(told[:10])
    assert all(torch.equal(first[name], last[name]) for name in first if name.startswith("encoder"))
    assert not torch.equal(first["decoder.conv_in.weight"], last["decoder.conv_in.weight"])
    assert torch.equal(first["decoder.conv_out.weight"], last["decoder.conv_out.weight"])


def test_a_linear_autoencoder_is_trained_on_for_the_same_latents(
    config: VaeTrainingConfig, tmp_path: Path
) -> None:
    new_model(replace(MODEL, vae_channels=(64, 32, 32, 64)), 0).save_pretrained(tmp_path / "levels")
    linear = replace(config, model=tmp_path / "levels", linear=True, steps=5, checkpoint_every=5)
    folder = train(linear, silent, never, cpu=True)
    (tmp_path / "other.txt").write_text("top/b.mp4|||turn\n")
    other = replace(
        linear, model=folder, demonstrations=tmp_path / "other.txt", output=tmp_path / "on", batch=1
    )
    again = train(other, silent, never, cpu=True)
    before, after = vae_weights(folder), vae_weights(again)
    assert all(torch.equal(before[name], after[name]) for name in before if name.startswith("encoder"))
    assert not torch.equal(before["decoder.conv_in.weight"], after["decoder.conv_in.weight"])
    scales = [
        json.loads((each / "vae" / "config.json").read_text())["scaling_factor"] for each in (folder, again)
    ]
    assert scales[0] == scales[1] != 0.18215

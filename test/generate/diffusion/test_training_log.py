"""What a training shows while it runs."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image as Picture
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from dreamitate_ros.generate.diffusion.condition import Condition
from dreamitate_ros.generate.diffusion.description import ModelDescription
from dreamitate_ros.generate.diffusion.new_model import new_model
from dreamitate_ros.generate.diffusion.train import held_out as held_out_module
from dreamitate_ros.generate.diffusion.train.batches import Batch
from dreamitate_ros.generate.diffusion.train.config import UnetTrainingConfig
from dreamitate_ros.generate.diffusion.train.log import TrainingLog
from dreamitate_ros.generate.diffusion.train.pose_errors import PoseErrors
from dreamitate_ros.generate.diffusion.train.start import train
from dreamitate_ros.generate.diffusion.train.unet import losses_by_noise
from dreamitate_ros.generate.video_file import write_frames
from dreamitate_ros.track.tracks_file import write_tracks

MODEL = ModelDescription(24, 16, (32, 32), (True, False), 1, 16, (32, 32), 1, 4, 8, 1, 2, False, 0.002, 700.0)


def silent(fraction: float, text: str) -> None:
    assert 0 <= fraction <= 1


def board(folder: Path) -> EventAccumulator:
    found = EventAccumulator(str(folder / "tensorboard"))
    found.Reload()
    return found


@pytest.fixture
def config(tmp_path: Path) -> UnetTrainingConfig:
    """One demonstration, that serves as the held-out one too."""
    new_model(MODEL, 0).save_pretrained(tmp_path / "start")
    for view, level in (("top", 50), ("side", 150)):
        (tmp_path / view).mkdir()
        write_frames(tmp_path / view / "a.mp4", np.full((3, 16, 24, 3), level, np.uint8), fps=6.0)
    (tmp_path / "tracks").mkdir()
    write_tracks(tmp_path / "tracks" / "a.json", [])
    (tmp_path / "train.txt").write_text("top/a.mp4|||turn\n")
    (tmp_path / "dataset.yaml").write_text(yaml.safe_dump({"task": "rotate"}))
    return UnetTrainingConfig(
        model=tmp_path / "start",
        demonstrations=tmp_path / "train.txt",
        held_out=tmp_path / "train.txt",
        output=tmp_path / "out",
        width=24,
        height=16,
        times=3,
        steps=4,
        accumulate=1,
        learning_rate=1e-3,
        warm_up=1,
        cool_down=2,
        log_every=1,
        sample_every=2,
        samples=1,
        sample_steps=1,
        ema=0.5,
        checkpoint_every=2,
        gradient_checkpointing=False,
    )


@pytest.fixture
def tracked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Videos of 24x16 px show no tools; every one is said to be 3 mm and 2 deg off."""
    found = PoseErrors(np.array([3.0]), np.array([2.0]), np.array([0.5]), 1, 2, 0, 1)
    monkeypatch.setattr(held_out_module.HeldOut, "errors", lambda *_: found)


@pytest.mark.usefixtures("tracked")
def test_tensorboard_has_losses_learning_rate_videos_and_pose_errors(config: UnetTrainingConfig) -> None:
    said: list[str] = []
    train(config, silent, lambda: False, say=said.append, cpu=True)
    shown = board(config.output)
    rates = {event.step: event.value for event in shown.Scalars("learning_rate")}
    assert rates == pytest.approx({1: 5e-4, 2: 1e-3, 3: 2e-3 / 3, 4: 1e-3 / 3})
    written = [json.loads(line) for line in (config.output / "losses.jsonl").read_text().splitlines()]
    curve = shown.Scalars("loss/mean")
    assert [(event.step, event.value) for event in curve] == [
        (line["step"], pytest.approx(line["loss"])) for line in written
    ]
    assert any(tag.startswith("loss_by_noise/") for tag in shown.Tags()["scalars"])
    assert [event.step for event in shown.Scalars("tool/median_mm")] == [2, 4]
    assert shown.Scalars("tool/believed_share")[0].value == 0.5
    picture = Picture.open(io.BytesIO(shown.Images("held_out_0")[0].encoded_image_string))
    assert (picture.size, picture.n_frames) == ((48, 32), 3)
    assert said[0].startswith("tools in the recorded videos") and "their reconstructions" in said[1]
    assert said[2] == (
        "step 2: median 3.0 mm 2.0 deg, 90th percentile 3.0 mm 2.0 deg; views 0.5 px apart;"
        " 1 of 2 poses believed, 0 of 1 videos refused"
    )


@pytest.mark.usefixtures("tracked")
def test_sampling_changes_nothing_in_the_training(config: UnetTrainingConfig, tmp_path: Path) -> None:
    quiet = replace(config, output=tmp_path / "quiet", sample_every=0)
    for chosen in (config, quiet):
        train(chosen, silent, lambda: False, say=lambda line: None, cpu=True)
    first, second = ((chosen.output / "losses.jsonl").read_text() for chosen in (config, quiet))
    assert first == second
    assert "held_out_0" not in board(quiet.output).Tags()["images"]


def test_what_a_killed_training_wrote_after_its_checkpoint_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "losses.jsonl"
    path.write_text('{"step": 1, "loss": 3.0}\n{"step": 2, "loss": 2.0}\n{"step": 3, "lo')
    log = TrainingLog(tmp_path, 1)
    log.loss(2, 2.5)
    log.close()
    assert [json.loads(line)["loss"] for line in path.read_text().splitlines()] == [3.0, 2.5]


def test_each_band_of_noise_has_a_curve_of_its_own() -> None:
    condition = Condition(torch.zeros(0), torch.zeros(0), torch.zeros(0))
    batch = Batch(torch.zeros(0), torch.zeros(0), torch.tensor([0.1, 3.0, 5.0, 500.0]), condition)
    losses = torch.tensor([[1.0, 3.0], [2.0, 2.0], [4.0, 4.0], [5.0, 5.0]])
    assert losses_by_noise(batch, losses) == {
        "loss_by_noise/0_to_0.5": 2.0,
        "loss_by_noise/2_to_8": 3.0,
        "loss_by_noise/32_to_inf": 5.0,
    }

"""Training in two processes, as on two GPUs, but on a CPU by gloo."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
import yaml
from safetensors.torch import load_file

from dreamitate_ros.generate.diffusion.description import ModelDescription
from dreamitate_ros.generate.diffusion.new_model import new_model
from dreamitate_ros.generate.diffusion.train.config_file import load_training
from dreamitate_ros.generate.diffusion.train.start import train
from dreamitate_ros.generate.video_file import write_frames

TOY = ModelDescription(24, 16, (32, 32), (True, False), 1, 16, (32, 32), 1, 4, 8, 1, 2, False, 0.002, 700.0)
PATIENCE_S = 240


def configured(folder: Path, name: str, accumulate: int) -> Path:
    config = folder / f"{name}.yaml"
    content = {
        "model": str(folder / "start"),
        "demonstrations": str(folder / "train.txt"),
        "output": str(folder / name),
        "width": 24,
        "height": 16,
        "times": 3,
        "steps": 2,
        "accumulate": accumulate,
        "learning_rate": 1e-3,
        "ema": None,
        "gradient_checkpointing": False,
    }
    config.write_text(yaml.safe_dump(content))
    return config


def train_in_two_processes(config: Path) -> None:
    started = subprocess.run(
        [
            *(sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"),
            *("-m", "dreamitate_ros.cli", "train", str(config), "--cpu"),
        ],
        env=os.environ | {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert started.returncode == 0, started.stderr[-2000:]


def test_two_processes_train_as_one_that_accumulates_their_batches(tmp_path: Path) -> None:
    new_model(TOY, 0).save_pretrained(tmp_path / "start")
    for index, name in enumerate("abcd"):
        for view in ("top", "side"):
            (tmp_path / view).mkdir(exist_ok=True)
            write_frames(tmp_path / view / f"{name}.mp4", np.full((3, 16, 24, 3), 50 * index, np.uint8), 6.0)
    (tmp_path / "train.txt").write_text("".join(f"top/{name}.mp4|||turn\n" for name in "abcd"))
    train_in_two_processes(configured(tmp_path, "two", accumulate=1))
    train(load_training(configured(tmp_path, "one", accumulate=2)), lambda *_: None, lambda: False, cpu=True)

    record = json.loads((tmp_path / "two" / "checkpoints" / "step_00000002" / "training.json").read_text())
    assert record["training"]["number of processes"] == 2
    losses = [
        [json.loads(line)["loss"] for line in (tmp_path / name / "losses.jsonl").read_text().splitlines()]
        for name in ("two", "one")
    ]
    assert len(losses[0]) == 2
    np.testing.assert_allclose(*losses, rtol=1e-4)
    start, two, one = (
        load_file(folder / "unet" / "diffusion_pytorch_model.safetensors")
        for folder in (tmp_path / "start", tmp_path / "two" / "model", tmp_path / "one" / "model")
    )
    moved = max(float((two[name] - start[name]).abs().max()) for name in start)
    apart = max(float((two[name] - one[name]).abs().max()) for name in start)
    assert moved > 1e-3
    assert apart < 0.05 * moved
    assert not any(torch.isnan(weight).any() for weight in two.values())

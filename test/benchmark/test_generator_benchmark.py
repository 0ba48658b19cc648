"""The figures of a model of toy size, and what is refused."""

import pytest
import torch

from dreamitate_ros.benchmark import generator as module
from dreamitate_ros.benchmark import generator_runs as runs
from dreamitate_ros.benchmark.generator import benchmark_generator
from dreamitate_ros.benchmark.generator_table import Measured
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.description import ModelDescription
from dreamitate_ros.generate.diffusion.new_model import new_model
from dreamitate_ros.generate.diffusion.settings import Sampling

TOY = ModelDescription(24, 16, (32, 32), (True, False), 1, 16, (32, 32), 1, 4, 8, 1, 2, False, 0.002, 700.0)


def test_size_is_counted_without_computing() -> None:
    size = runs.size(TOY)
    pipeline = new_model(TOY, 0)
    assert size.unet_m == sum(p.numel() for p in pipeline.unet.parameters()) / 1e6
    frame = torch.zeros(1, 3, 16, 24)
    attention_gflop = 2 * 2 * (8 * 12) ** 2 * 32 / 1e9  # the counter knows no fused attention on a CPU
    counted_gflop = runs._gflop(lambda: pipeline.vae.encoder(frame)) + attention_gflop
    assert size.encode_gflop == pytest.approx(counted_gflop)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_both_pipelines_and_a_training_are_measured() -> None:
    sampled, pixels = runs.sample_ours(TOY, "cpu", "24GB", Sampling(steps=2), 0)
    assert len(pixels) == 2 * 13 * 16 * 24 * 3
    theirs = runs.sample_diffusers(TOY, "cpu", 2, 0)
    trained = runs.train_steps(TOY, "cpu", "attention", 1)
    for measured in (sampled, theirs, trained):
        assert 0 < measured.step_s <= measured.whole_s
        assert measured.memory_gb > 0.05


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": "huge"}, "known models"),
        ({"memory": "1GB"}, "known: 8GB"),
        ({"steps": 1}, "2 steps or more"),
        ({"device": "tpu"}, "known: auto"),
    ],
)
def test_what_cannot_be_measured_is_said(changes: dict[str, object], words: str) -> None:
    chosen = {"model": "small", "memory": "24GB", "steps": 2, "device": "cpu", "seed": 0} | changes
    with pytest.raises(DreamitateError, match=words) as caught:
        benchmark_generator(**chosen, say=print)  # type: ignore[arg-type]
    assert caught.value.code == ErrorCode.INVALID_PARAMETER


def test_a_model_too_large_for_a_cpu_is_refused_before_it_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def counted(run: str, *arguments: object) -> object:
        asked.append(run)
        return runs.Size(1525.0, 97.0, 340.0, 1.0, 1.0, 1.0)

    monkeypatch.setattr(module, "_alone", counted)
    with pytest.raises(DreamitateError, match="needs a CUDA GPU"):
        benchmark_generator("svd_xt", "24GB", 2, "cpu", 0, print)
    assert asked == ["size"]


def test_the_lines_name_what_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {
        "size": runs.Size(10.0, 3.0, 1.0, 100.0, 12.0, 40.0),
        "sample_ours": (Measured(2.0, 0.5, 1.5), b""),
        "sample_diffusers": Measured(5.0, 1.0, 3.0),
        "train_steps": Measured(4.0, 4.0, 2.0),
    }
    monkeypatch.setattr(module, "_alone", lambda run, *_: answers[run])
    lines: list[str] = []
    benchmark_generator("small", "24GB", 2, "cpu", 0, lines.append)
    assert "UNet 10.0 M" in lines[0] and "100 GFLOP" in lines[0]
    assert lines[3] == "ours is 2.50 times as fast, in 0.50 of its memory"
    assert lines[4].endswith("0.250 clips/s")


def test_a_run_that_fails_is_one_error() -> None:
    with pytest.raises(DreamitateError, match="size failed: TypeError"):
        module._alone("size")

"""`dreamitate benchmark generator`: what a model's size costs in time and memory, next to diffusers' own pipeline."""

import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from dreamitate_ros.benchmark.generator_table import measured_line, size_line
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.description import load_description
from dreamitate_ros.generate.diffusion.settings import memory_preset, sampling_preset

Say = Callable[[str], None]

TRAINING_STEPS = 3
OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "MemoryError")
"""What the last words of a process tell that the memory did not suffice for."""
CPU_LIMIT_M = 200.0
"""Millions of the UNet's parameters above which a CPU would take hours, or more memory than it has."""


def benchmark_generator(model: str, memory: str, steps: int, device: str, seed: int, say: Say) -> None:
    """Says a line for each figure as it is found. model: of config/models; its weights are random.

    steps: of sampling, the same for both pipelines. device: "auto", "cpu" or "cuda".
    Raises DreamitateError: INVALID_PARAMETER for what is unknown or no GPU where one is needed; OUT_OF_MEMORY.
    """
    from dreamitate_ros.generate.diffusion.generator import chosen_device  # torch, only where needed

    description, where = load_description(model, config_directory()), chosen_device(device)
    memory_preset(memory)
    if steps < 2:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, f"a time a step takes 2 steps or more, not {steps}"
        )
    size = _alone("size", description)
    if where == "cpu" and size.unet_m > CPU_LIMIT_M:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"the model '{model}' has {size.unet_m:.0f} M parameters, which needs a CUDA GPU, and PyTorch uses none"
            " here; benchmark the model 'small' on a CPU",
        )
    say(size_line(model, description, size))
    sampling = sampling_preset("paper", steps)
    ours, pixels = _alone("sample_ours", description, where, memory, sampling, seed)
    say(measured_line(f"sampling, {steps} steps, {where}, preset {memory}", ours))
    theirs = _alone("sample_diffusers", description, where, steps, seed)
    say(measured_line(f"diffusers' own pipeline at its defaults, {steps} steps", theirs))
    say(
        f"ours is {theirs.whole_s / ours.whole_s:.2f} times as fast, in {ours.memory_gb / theirs.memory_gb:.2f} of"
        " its memory"
    )
    if where == "cuda":
        _, exact = _alone("sample_ours", description, where, "exact", sampling, seed)
        say(f"difference from float32: {_grey_levels(pixels, exact):.2f} grey levels in the mean")
    for trainable in ("attention", "all"):
        training = _alone("train_steps", description, where, trainable, TRAINING_STEPS)
        say(
            measured_line(f"training {trainable}, batch 1", training) + f", {1 / training.step_s:.3f} clips/s"
        )


def _alone(run: str, *arguments: object) -> Any:
    """A function of generator_runs.py in a process of its own, so that neither memory nor warm kernels of the runs
    before count."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "job").write_bytes(pickle.dumps((run, arguments)))
        process = subprocess.run(
            [sys.executable, "-m", "dreamitate_ros.benchmark.generator_runs", name],
            capture_output=True,
            text=True,
            errors="replace",
        )
        if process.returncode == 0:
            return pickle.loads((folder / "result").read_bytes())
    last_line = (process.stderr.strip().splitlines() or ["it said nothing"])[-1]
    if process.returncode == -signal.SIGKILL or any(sign in last_line for sign in OUT_OF_MEMORY):
        raise DreamitateError(
            ErrorCode.OUT_OF_MEMORY,
            f"memory ran out in {run} ({last_line}); choose a smaller memory preset or a smaller model",
        )
    raise DreamitateError(ErrorCode.GENERATION_FAILED, f"{run} failed: {last_line}")


def _grey_levels(one: bytes, other: bytes) -> float:
    difference = np.frombuffer(one, np.uint8).astype(np.int16) - np.frombuffer(other, np.uint8)
    return float(np.abs(difference).mean())

"""The demonstrations' frames at the model's size, decoded once and kept on disk, with where they move."""

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from dreamitate_ros.errors import Cancelled
from dreamitate_ros.generate.diffusion.train.config import TrainingConfig
from dreamitate_ros.generate.diffusion.train.demonstrations import Demonstration, read_clip
from dreamitate_ros.values import Image, Progress, Stop
from dreamitate_ros.whole_file import whole

CELL_PX = 16
"""Side of the squares in which motion is counted."""


def decode_demonstrations(
    demonstrations: list[Demonstration], config: TrainingConfig, progress: Progress, stop: Stop
) -> list[Path]:
    """A file in output/frames for each demonstration; current ones that are there are kept."""
    folder = config.output / "frames"
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for index, demonstration in enumerate(demonstrations):
        if stop():
            raise Cancelled("training")
        path = folder / f"{_key(demonstration, config)}.safetensors"
        if not path.exists():
            frames = _frames(demonstration, config)
            with whole(path) as part:
                save_file({"frames": torch.from_numpy(frames), "motion": _motion(frames)}, part)
        paths.append(path)
        progress((index + 1) / len(demonstrations), "decoding the demonstrations")
    return paths


def load_frames(path: Path) -> Tensor:
    """(2, T, H, W, 3) uint8 RGB: both views."""
    with safe_open(path, "pt") as file:
        return file.get_tensor("frames")


def load_motion(path: Path, view: int) -> Tensor:
    """(H / CELL_PX, W / CELL_PX) how much each square of a view (0 top, 1 side) differs from its photo at most."""
    with safe_open(path, "pt") as file:
        motion: Tensor = file.get_slice("motion")[view]
        return motion


def load_window(path: Path, view: int, time: slice, rows: slice, columns: slice) -> Tensor:
    """(N, h, w, 3) uint8 RGB: a cut-out of one view, without reading the rest."""
    with safe_open(path, "pt") as file:
        window: Tensor = file.get_slice("frames")[view, time, rows, columns]
        return window


def _frames(demonstration: Demonstration, config: TrainingConfig) -> Image:
    packed = read_clip(demonstration, config.width, config.height, config.times, config.clip_fps)
    side = np.concatenate([packed[-1:], packed[config.times : -1]])
    return np.stack([packed[: config.times], side])


def _motion(frames: Image) -> Tensor:
    height, width = frames.shape[2:4]
    size = max(1, width // CELL_PX), max(1, height // CELL_PX)
    views = []
    for view in frames:
        changes = np.abs(view[1:].astype(np.int16) - view[0].astype(np.int16)).max(axis=(0, 3))
        views.append(cv2.resize(changes.astype(np.float32), size, interpolation=cv2.INTER_AREA))
    return torch.from_numpy(np.stack(views))


def _key(demonstration: Demonstration, config: TrainingConfig) -> str:
    videos = [(str(path), path.stat().st_mtime_ns) for path in (demonstration.top, demonstration.side)]
    content = json.dumps([videos, config.width, config.height, config.times, config.clip_fps])
    return hashlib.sha256(content.encode()).hexdigest()[:24]

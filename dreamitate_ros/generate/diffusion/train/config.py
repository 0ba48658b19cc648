"""A training as its YAML file describes it."""

from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.task import require_range
from dreamitate_ros.yaml_file import load_mapping

TRAINABLE = ("attention", "all")
PRECISIONS = ("no", "bf16", "fp16")


@dataclass(frozen=True)
class TrainingConfig:
    """Paths are relative to the working directory.

    model: model folder to start from. demonstrations: text file, `top_video|||caption` a line. output: folder.
    width, height: px. times: frames of each view. clip_fps: imagined frames per second, which sets the stride.
    versions: of each demonstration that are encoded: the first as recorded, the others in drawn light and colour,
    the same in all frames of both views. brightness, contrast, saturation: the drawn factors lie within 1 plus or
    minus these.
    trainable: "attention" (the paper: spatial and temporal attention) or "all" (the released code).
    drop: probability that a frame's prompt, or its photo, is dropped. sigma_mean, sigma_deviation: of ln sigma.
    batch: clips a process; accumulate: batches a step. warm_up: steps of linearly rising learning rate.
    ema: decay of the moving average that is saved as the model; null trains without. seed: of everything drawn.
    """

    model: Path
    demonstrations: Path
    output: Path
    width: int = 768
    height: int = 448
    times: int = 13
    clip_fps: float = 6.0
    fps_id: int = 6
    motion_bucket_id: int = 200
    noise_augmentation: float = 0.02
    versions: int = 1
    brightness: float = 0.2
    contrast: float = 0.2
    saturation: float = 0.2
    trainable: str = "attention"
    steps: int = 16384
    batch: int = 1
    accumulate: int = 4
    learning_rate: float = 1e-5
    warm_up: int = 0
    weight_decay: float = 0.01
    max_gradient_norm: float = 1.0
    drop: float = 0.1
    sigma_mean: float = 1.0
    sigma_deviation: float = 1.6
    ema: float | None = 0.9999
    precision: str = "no"
    gradient_checkpointing: bool = True
    checkpoint_every: int = 500
    keep_checkpoints: int = 2
    seed: int = 0


LOWEST = {
    "width": 8,
    "height": 8,
    "times": 2,
    "clip_fps": 0.1,
    "versions": 1,
    "steps": 1,
    "batch": 1,
    "accumulate": 1,
    "checkpoint_every": 1,
    "keep_checkpoints": 1,
}
"""Smallest values of the numbers that cannot be 0."""
HIGHEST = {"brightness": 1, "contrast": 1, "saturation": 1}
"""Largest values, so that no drawn factor is negative."""


def load_training(path: Path) -> TrainingConfig:
    """Raises DreamitateError(INVALID_PARAMETER) for an unknown key, a missing one or a value that cannot be."""
    content = load_mapping(path, ErrorCode.INVALID_PARAMETER)
    known = {field.name: field for field in fields(TrainingConfig)}
    required = {name for name, field in known.items() if field.default is MISSING}
    for name in [*sorted(required - content.keys()), *sorted(content.keys() - known.keys())]:
        what = "is missing" if name in required else f"is unknown; known keys: {', '.join(known)}"
        raise DreamitateError(ErrorCode.INVALID_PARAMETER, f"{path}: '{name}' {what}")
    return TrainingConfig(
        **{name: _value(path, name, known[name].type, value) for name, value in content.items()}
    )


def _value(path: Path, name: str, kind: Any, value: Any) -> Any:
    if kind is Path:
        return Path(str(value))
    if kind is str:
        allowed = {"trainable": TRAINABLE, "precision": PRECISIONS}[name]
        if str(value) not in allowed:
            raise DreamitateError(
                ErrorCode.INVALID_PARAMETER,
                f"{path}: {name} must be one of {', '.join(allowed)}, not '{value}'",
            )
        return str(value)
    if kind is bool:
        if not isinstance(value, bool):
            raise DreamitateError(
                ErrorCode.INVALID_PARAMETER, f"{path}: {name} must be true or false, not '{value}'"
            )
        return value
    if value is None and name == "ema":
        return None
    lowest = LOWEST.get(name, -1e9 if name == "sigma_mean" else 0)
    number = require_range(f"{path}: {name}", value, lowest, HIGHEST.get(name, 1e9))
    return int(number) if kind is int else number

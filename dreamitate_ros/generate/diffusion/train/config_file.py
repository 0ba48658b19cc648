"""Reading a training's YAML file: every key and value is checked before anything is loaded."""

from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.train.config import (
    LABELS,
    OPTIMIZERS,
    ROUNDING,
    TRAINABLE,
    BaselineTrainingConfig,
    LoopConfig,
    UnetTrainingConfig,
    VaeTrainingConfig,
)
from dreamitate_ros.task import require_range
from dreamitate_ros.yaml_file import load_mapping

TRAINS: dict[str, type[LoopConfig]] = {
    "unet": UnetTrainingConfig,
    "vae": VaeTrainingConfig,
    "baseline": BaselineTrainingConfig,
}
"""What the key `trains` may say."""

CHOICES = {"trainable": TRAINABLE, "precision": ROUNDING, "optimizer": OPTIMIZERS, "labels": LABELS}
"""What the keys that are words may say."""

LOWEST = {
    "width": 8,
    "height": 8,
    "times": 2,
    "clip_fps": 0.1,
    "versions": 1,
    "times_drawn": 1,
    "steps": 1,
    "batch": 1,
    "accumulate": 1,
    "checkpoint_every": 1,
    "keep_checkpoints": 1,
    "log_every": 1,
    "lora_rank": 1,
    "samples": 1,
    "sample_steps": 1,
    "crop": 8,
    "window": 1,
    "resnet": 16,
    "noises": 1,
    "channels": 8,
    "crop_share": 0.5,
    "sigma_mean": -1e9,
}
"""Smallest values of the numbers that cannot be 0, or can be less."""
HIGHEST = {
    "brightness": 1,
    "contrast": 1,
    "saturation": 1,
    "drop": 1,
    "moving_share": 1,
    "crop_share": 1,
    "ema": 1,
}
"""Largest values: no drawn factor is negative, no probability above 1."""


def load_training(path: Path) -> LoopConfig:
    """Raises DreamitateError(INVALID_PARAMETER) for an unknown key, a missing one or a value that cannot be."""
    content = load_mapping(path, ErrorCode.INVALID_PARAMETER)
    trains = content.pop("trains", "unet")
    if trains not in TRAINS:
        raise _invalid(f"{path}: trains must be one of {', '.join(TRAINS)}, not '{trains}'")
    known = {field.name: field for field in fields(TRAINS[trains])}
    required = {name for name, field in known.items() if field.default is MISSING}
    for name in [*sorted(required - content.keys()), *sorted(content.keys() - known.keys())]:
        what = "is missing" if name in required else f"is unknown; known keys: {', '.join(known)}"
        raise _invalid(f"{path}: '{name}' {what}")
    config = TRAINS[trains](
        **{name: _value(path, name, known[name].type, value) for name, value in content.items()}
    )
    if isinstance(config, VaeTrainingConfig):
        _require_room(path, config)
    if isinstance(config, UnetTrainingConfig):
        _require_inside(path, config)
    return config


def _require_room(path: Path, config: VaeTrainingConfig) -> None:
    if config.crop > min(config.width, config.height) or config.window > config.times:
        raise _invalid(
            f"{path}: crop ({config.crop} px) and window ({config.window} frames) must fit into"
            f" {config.width}x{config.height} px and {config.times} times"
        )


def _require_inside(path: Path, config: UnetTrainingConfig) -> None:
    if (config.times_drawn or 0) >= config.times:
        raise _invalid(f"{path}: times_drawn ({config.times_drawn}) must be below times ({config.times})")
    if (config.crop or 0) > min(config.width, config.height):
        raise _invalid(f"{path}: crop ({config.crop} px) must fit into {config.width}x{config.height} px")


def _value(path: Path, name: str, kind: Any, value: Any) -> Any:
    if value is None and kind in (Path | None, float | None, int | None):
        return None
    if kind in (Path, Path | None):
        return Path(str(value))
    if kind is str:
        if str(value) not in (allowed := CHOICES[name]):
            raise _invalid(f"{path}: {name} must be one of {', '.join(allowed)}, not '{value}'")
        return str(value)
    if kind is bool:
        if not isinstance(value, bool):
            raise _invalid(f"{path}: {name} must be true or false, not '{value}'")
        return value
    number = require_range(f"{path}: {name}", value, LOWEST.get(name, 0), HIGHEST.get(name, 1e9))
    is_whole = kind in (int, int | None)
    if is_whole and number != int(number):
        raise _invalid(f"{path}: {name} must be a whole number, not {value}")
    return int(number) if is_whole else number


def _invalid(message: str) -> DreamitateError:
    return DreamitateError(ErrorCode.INVALID_PARAMETER, message)

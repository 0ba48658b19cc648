"""Where config/ and dreamitate_models/ are: beside the package in a clone, under share/ once installed."""

import os
from pathlib import Path

from dreamitate_ros.errors import DreamitateError, ErrorCode

PACKAGE = Path(__file__).resolve().parent
MODELS = "dreamitate_models"
SHIPPED_MODEL = "small"
"""Of the package dreamitate_models: trained on simulated demonstrations, see docs/model.md."""


def config_directory() -> Path:
    """The folder with tasks/, tools/ and rigs/; raises UNKNOWN when the installation lacks it."""
    in_clone = PACKAGE.parent / "config"
    installed = [parent / "share" / "dreamitate_ros" / "config" for parent in PACKAGE.parents]
    for directory in (in_clone, *installed):
        if (directory / "tasks").is_dir():
            return directory
    raise DreamitateError(
        ErrorCode.UNKNOWN, f"no config folder belongs to {PACKAGE}; build the package again with colcon"
    )


def model_directory(name: str) -> Path:
    """The model folder `name`: a model of the package dreamitate_models, or else a path; "" is SHIPPED_MODEL.

    Names come first: a folder that lies about here by chance must not stand in for a task's model (./NAME is that one).
    Raises INVALID_PARAMETER when there is none.
    """
    shipped = _shipped_models()
    for folder in shipped:
        if folder.name == (name or SHIPPED_MODEL):
            return folder
    if name and Path(name).is_dir():
        return Path(name)
    known = (
        ", ".join(folder.name for folder in shipped)
        or "none; build the package dreamitate_models with colcon"
    )
    raise DreamitateError(
        ErrorCode.INVALID_PARAMETER,
        f"there is no model folder '{name or SHIPPED_MODEL}'; give a path, or one of those that ship: {known}",
    )


def is_shipped(model: Path) -> bool:
    """Whether a model folder is one of the package dreamitate_models, which are small."""
    return model in _shipped_models()


def _shipped_models() -> list[Path]:
    """Those of the clone; else those of the first prefix that has some, as ROS searches what is sourced."""
    prefixes = filter(None, os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep))
    installed = [Path(prefix) / "share" / MODELS for prefix in prefixes]
    for folder in (PACKAGE.parent / MODELS, *installed):
        if models := sorted(description.parent for description in folder.glob("*/model_index.json")):
            return models
    return []

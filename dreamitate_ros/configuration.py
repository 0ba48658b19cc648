"""Where config/ and models/ are: beside the package in a clone, under share/ once installed."""

from pathlib import Path

from dreamitate_ros.errors import DreamitateError, ErrorCode

PACKAGE = Path(__file__).resolve().parent
SHIPPED_MODEL = "small"
"""In models/: trained on simulated demonstrations, see docs/model.md."""


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
    """The model folder `name`: a path, or a model that ships in models/, "" being SHIPPED_MODEL.

    Raises INVALID_PARAMETER when there is none.
    """
    shipped = _shipped_models()
    if name and Path(name).is_dir():
        return Path(name)
    folder = shipped / (name or SHIPPED_MODEL)
    if folder.is_dir():
        return folder
    known = ", ".join(sorted(path.name for path in shipped.glob("*/") if path.is_dir())) or "none"
    raise DreamitateError(
        ErrorCode.INVALID_PARAMETER,
        f"there is no model folder '{name or SHIPPED_MODEL}'; give a path, or one of those that ship: {known}",
    )


def is_shipped(model: Path) -> bool:
    """Whether a model folder is one of those in models/, which are small."""
    return model.parent == _shipped_models()


def _shipped_models() -> Path:
    return config_directory().parent / "models"

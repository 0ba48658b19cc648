"""Where config/ is: beside the package in a clone, under share/ once installed."""

from pathlib import Path

from dreamitate_ros.errors import DreamitateError, ErrorCode

PACKAGE = Path(__file__).resolve().parent


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

"""Reading a YAML file a person wrote: one clear error instead of a traceback."""

from pathlib import Path
from typing import Any

import numpy as np
import yaml

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.values import Array


def load_mapping(path: Path, code: ErrorCode) -> dict[str, Any]:
    """The mapping in `path`; raises DreamitateError(code) when it is missing, unreadable or no mapping."""
    try:
        content = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        raise DreamitateError(code, f"{path} does not exist; give the path of a YAML file") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DreamitateError(code, f"{path} is not readable YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise DreamitateError(code, f"{path} must hold a mapping of keys to values")
    return content


def matrix(
    content: dict[str, Any],
    key: str,
    shape: tuple[int, int],
    path: Path,
    code: ErrorCode,
) -> Array:
    """The numeric matrix at `key`, of `shape`, finite; raises DreamitateError(code) naming what it is not."""
    if key not in content:
        raise DreamitateError(code, f"{path}: '{key}' is missing; expected a {shape[0]}x{shape[1]} matrix")
    try:
        value = np.asarray(content[key], dtype=float)
    except (TypeError, ValueError):
        value = np.empty(0)
    if value.shape != shape or not np.isfinite(value).all():
        raise DreamitateError(
            code,
            f"{path}: '{key}' must be a {shape[0]}x{shape[1]} matrix of finite numbers",
        )
    return value

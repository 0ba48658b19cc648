"""What was set up from what: a step is repeated only when its inputs changed, or when it did not finish."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from installer.places import STAMPS


def fingerprint(*parts: str, files: Iterable[Path] = ()) -> str:
    """One hash over strings and over the names and contents of files."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() + b"\0\0")
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0\0")
    return digest.hexdigest()


def recorded(step: str) -> Any:
    """What `record` stored for this step last, None where it never finished."""
    return _all().get(step)


def record(step: str, value: Any) -> None:
    """Remember that a step finished (value: its fingerprint), or with None that it must be done again."""
    stamps = {**_all(), step: value}
    temporary = STAMPS.with_suffix(".new")
    temporary.write_text(json.dumps(stamps, indent=1))
    temporary.replace(STAMPS)


def _all() -> dict[str, Any]:
    try:
        stamps = json.loads(STAMPS.read_text())
    except (OSError, ValueError):
        return {}
    return stamps if isinstance(stamps, dict) else {}

"""Files that are whole, or as they were: written beside their place, flushed to the disk, then renamed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Where to write what becomes `path` when the block ends; an error leaves `path` as it was.

    Its name has another suffix, so that no listing of finished files shows it.
    """
    part = path.with_name(f"{path.name}.part")
    yield part
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(path)


def write_whole(path: Path, text: str) -> None:
    """The text as UTF-8, whole or not at all."""
    with whole(path) as part:
        part.write_text(text, encoding="utf-8")

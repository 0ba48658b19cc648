"""A suite of evaluations as config/suites/*.yaml describes it: a table whose cells are each many trials."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.yaml_file import load_mapping

KEYS = ("seed", "figures", "paper", "runs")
OPTIONS = ("task", "generator", "model", "samples", "trials")


@dataclass(frozen=True)
class Cell:
    """One evaluation. row, column: its place in the table. options: of `dreamitate evaluate`, as a command has them."""

    row: str
    column: str
    options: tuple[str, ...]

    @property
    def folder(self) -> str:
        """A name for its files."""
        words = "".join(letter if letter.isalnum() else " " for letter in f"{self.row} {self.column}").split()
        return "_".join(words)


@dataclass(frozen=True)
class Suite:
    """cells: row by row. figures: row -> names of the figures whose means are shown. paper: row -> column -> words."""

    name: str
    cells: tuple[Cell, ...]
    figures: Mapping[str, tuple[str, ...]]
    paper: Mapping[str, Mapping[str, str]]

    @property
    def rows(self) -> list[str]:
        """In the file's order."""
        return list(dict.fromkeys(cell.row for cell in self.cells))

    @property
    def columns(self) -> list[str]:
        """In the file's order."""
        return list(dict.fromkeys(cell.column for cell in self.cells))


def load_suite(name: str, config: Path) -> Suite:
    """config/suites/NAME.yaml; raises INVALID_PARAMETER, listing the known ones, or naming what is wrong in it."""
    path = config / "suites" / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(found.stem for found in path.parent.glob("*.yaml"))) or "none"
        raise _invalid(f"there is no suite '{name}'; known suites: {known}")
    content = load_mapping(path, ErrorCode.INVALID_PARAMETER)
    _require_known(f"{path}:", content, KEYS)
    runs, seed = content.get("runs"), content.get("seed")
    if not isinstance(runs, dict) or not runs or not isinstance(seed, int):
        raise _invalid(f"{path} must hold a whole number `seed`, and `runs`: row: {{column: {{task: ...}}}}")
    cells = [
        Cell(row, column, _options(f"{path}: {row}, {column}:", seed, options))
        for row, columns in runs.items()
        for column, options in columns.items()
    ]
    figures = {row: tuple(names) for row, names in content.get("figures", {}).items()}
    return Suite(name, tuple(cells), figures, content.get("paper", {}))


def _options(where: str, seed: int, options: Any) -> tuple[str, ...]:
    if not isinstance(options, dict) or "task" not in options:
        raise _invalid(f"{where} must be a mapping of {', '.join(OPTIONS)}, with a task at least")
    _require_known(where, options, OPTIONS)
    pairs = {**options, "seed": seed}
    return tuple(word for name, value in pairs.items() for word in (f"--{name}", str(value)))


def _require_known(where: str, content: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for name in content:
        if name not in known:
            raise _invalid(f"{where} '{name}' is unknown; known keys: {', '.join(known)}")


def _invalid(message: str) -> DreamitateError:
    return DreamitateError(ErrorCode.INVALID_PARAMETER, message)

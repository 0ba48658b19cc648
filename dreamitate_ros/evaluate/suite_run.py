"""Running a suite: every cell's trials one after the other, the table written anew after each. Resumable."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dreamitate_ros.errors import Cancelled, DreamitateError
from dreamitate_ros.evaluate.suite import Cell, Suite
from dreamitate_ros.evaluate.trial import Trial

Evaluate = Callable[[Cell], Sequence[Trial]]
"""All trials of a cell, those kept from before too. Raises DreamitateError where it cannot be run, and Cancelled."""

Write = Callable[[Sequence["Filled"]], None]


@dataclass(frozen=True)
class Filled:
    """A cell with its trials. missing: why it has none, such as a model that is not there; "" where it has."""

    cell: Cell
    trials: tuple[Trial, ...]
    missing: str = ""


def run_suite(suite: Suite, evaluate: Evaluate, write: Write, say: Callable[[str], None]) -> list[Filled]:
    """All cells in order; one that cannot be run is told and left out. Raises Cancelled, what is done being written."""
    filled: list[Filled] = []
    for number, cell in enumerate(suite.cells, start=1):
        say(f"{number} of {len(suite.cells)}: {cell.row}, {cell.column}: {command_of(cell)}")
        filled.append(_filled(cell, evaluate))
        if filled[-1].missing:
            say(f"left out: {filled[-1].missing}")
        write(filled)
    return filled


def command_of(cell: Cell) -> str:
    """What runs this cell alone."""
    return " ".join(["dreamitate evaluate", *cell.options])


def _filled(cell: Cell, evaluate: Evaluate) -> Filled:
    try:
        return Filled(cell, tuple(evaluate(cell)))
    except Cancelled:
        raise
    except DreamitateError as error:
        return Filled(cell, (), error.message)

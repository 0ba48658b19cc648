"""A suite's table, in words and as a page with its failures sorted by stage, with pictures."""

from collections.abc import Sequence
from pathlib import Path

import jinja2

from dreamitate_ros.evaluate.page import STAGES, Shown, heading, shown
from dreamitate_ros.evaluate.results import REPORT
from dreamitate_ros.evaluate.suite import Suite
from dreamitate_ros.evaluate.suite_run import Filled, command_of
from dreamitate_ros.evaluate.summary import summarise

EACH = 3  # failures of a stage that the page shows; the evaluation's own report has all


def suite_table(suite: Suite, filled: Sequence[Filled]) -> str:
    """Markdown: a line a row; successes, their 95 % Wilson interval, and what the paper reports in brackets."""
    lines = [f"| | {' | '.join(suite.columns)} |", f"|---{'|---' * len(suite.columns)}|"]
    cells = {(each.cell.row, each.cell.column): each for each in filled}
    for row in suite.rows:
        words = [_words(suite, row, column, cells.get((row, column))) for column in suite.columns]
        lines.append(f"| {row} | {' | '.join(words)} |")
    return "\n".join(lines)


def suite_page(suite: Suite, filled: Sequence[Filled], folder: Path) -> str:
    """The page, for a suite whose evaluations lie in `folder`."""
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = Path(__file__).with_name("suite.html").read_text(encoding="utf-8")
    return environment.from_string(template).render(
        suite=suite,
        table=[
            (row, [_words(suite, row, column, _cell(filled, row, column)) for column in suite.columns])
            for row in suite.rows
        ],
        sections=[
            {
                "title": f"{each.cell.row}, {each.cell.column}",
                "command": command_of(each.cell),
                "missing": each.missing,
                "link": f"{each.cell.folder}/{REPORT}",
                "failures": _failures(each, folder),
            }
            for each in filled
        ],
    )


def _cell(filled: Sequence[Filled], row: str, column: str) -> Filled | None:
    return next((each for each in filled if (each.cell.row, each.cell.column) == (row, column)), None)


def _words(suite: Suite, row: str, column: str, filled: Filled | None) -> str:
    paper = suite.paper.get(row, {}).get(column)
    words = "" if filled is None else "not run" if filled.missing else _measured(suite, filled)
    return f"{words} [{paper}]".strip() if paper else words


def _measured(suite: Suite, filled: Filled) -> str:
    facts = summarise(filled.trials)
    low, high = facts["success_interval_95"]
    means = facts["mean_figures"]
    figures = [
        f"{name} {means[name]:.3g}" for name in suite.figures.get(filled.cell.row, ()) if name in means
    ]
    share = f"{facts['successes']} of {facts['trials']} ({100 * low:.0f} to {100 * high:.0f} %)"
    return "; ".join([share, *figures, f"{facts['median_wall_s']:.0f} s"])


def _failures(filled: Filled, folder: Path) -> list[tuple[str, list[Shown]]]:
    """Stage by stage: how many failed there, and the first EACH of them."""
    by_stage = [
        (stage, [trial for trial in filled.trials if trial.failed_stage == stage]) for stage in STAGES
    ]
    return [
        (f"{heading(stage)} ({len(some)})", [shown(folder, trial) for trial in some[:EACH]])
        for stage, some in by_stage
        if some
    ]

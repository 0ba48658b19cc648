"""`dreamitate benchmark tracker`: simulated cases from a seed, tracked, judged, printed. Resumable."""

import os
from pathlib import Path

from dreamitate_ros.benchmark.cases import TOOLS
from dreamitate_ros.benchmark.cases_done import cases_done
from dreamitate_ros.benchmark.tracker_plots import draw
from dreamitate_ros.benchmark.tracker_table import table
from dreamitate_ros.benchmark.trial import BAD, CLEAN, SMALL, SPOILED, Job, run
from dreamitate_ros.benchmark.two_tools import timing

RESULTS, TABLE, PLOTS = "outcomes.jsonl", "table.txt", "errors.png"


def benchmark_tracker(motions: int, bad: int, seed: int, workers: int, output: Path) -> str:
    """Run what `output` does not hold yet, print the table, write it and the plots beside the outcomes.

    motions: random motions of each tool, for each kind of case. bad: videos that must be refused. seed: of the first
    case. workers: processes. Returns the table.
    """
    outcomes = cases_done(output / RESULTS, planned(motions, bad, seed), run, workers)
    settings = (
        f"seed {seed}, {motions} motions of each tool and kind, {bad} bad videos, {os.cpu_count()} CPU cores"
    )
    text = f"{settings}\n\n{table(outcomes)}\n{timing(seed)}"
    (output / TABLE).write_text(text + "\n")
    draw(output / PLOTS, outcomes)
    return text


def planned(motions: int, bad: int, seed: int) -> list[Job]:
    """All jobs, the tools and kinds in turn, so that a run that is cut short has some of each."""
    good = [
        Job(kind, tool, 0, seed + number)
        for number in range(motions)
        for kind in (CLEAN, SPOILED, SMALL)
        for tool in TOOLS
    ]
    return [*good, *(Job(BAD, "any", index, seed) for index in range(bad))]

"""`dreamitate benchmark tracker`: simulated cases from a seed, tracked, judged, printed. Resumable."""

import json
import multiprocessing
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dreamitate_ros.benchmark.cases import TOOLS
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
    output.mkdir(parents=True, exist_ok=True)
    jobs = planned(motions, bad, seed)
    done = _read(output / RESULTS)
    left = [job for job in jobs if job.key not in done]
    started_s = time.monotonic()
    with (output / RESULTS).open("a") as results:
        for number, outcome in enumerate(_outcomes(left, workers), start=1):
            results.write(json.dumps(outcome) + "\n")
            results.flush()
            done[str(outcome["key"])] = outcome
            _show_progress(number, len(left), time.monotonic() - started_s)
    outcomes = [done[job.key] for job in jobs]
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


def _outcomes(jobs: list[Job], workers: int) -> Iterator[dict[str, Any]]:
    """Of all jobs, as they end."""
    if not jobs:
        return
    with multiprocessing.get_context("fork").Pool(workers) as pool:
        yield from pool.imap_unordered(run, jobs)


def _read(path: Path) -> dict[str, dict[str, Any]]:
    """Outcomes of an earlier run, by their key; a last line that was cut off is left out."""
    outcomes: dict[str, dict[str, Any]] = {}
    for line in path.read_text().splitlines() if path.is_file() else []:
        try:
            outcome = json.loads(line)
        except json.JSONDecodeError:
            continue
        outcomes[outcome["key"]] = outcome
    return outcomes


def _show_progress(number: int, count: int, passed_s: float) -> None:
    left_s = passed_s / number * (count - number)
    print(
        f"\r{number} of {count} cases, {left_s / 60:.0f} min left   ",
        end="\n" if number == count else "",
        flush=True,
    )

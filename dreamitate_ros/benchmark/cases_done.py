"""Cases worked on by a few processes, each outcome kept as a line of JSON at once: a run goes on where it was cut."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from dreamitate_ros.workers import in_processes

Outcome = dict[str, Any]
"""Plain JSON, with the job's key under "key"."""


class Job(Protocol):
    """What is worked on; made from plain values, for it goes to another process."""

    @property
    def key(self) -> str:
        """What names it in the results."""


AnyJob = TypeVar("AnyJob", bound=Job)


def cases_done(
    path: Path, jobs: Sequence[AnyJob], work: Callable[[AnyJob], Outcome], workers: int
) -> list[Outcome]:
    """The outcomes of all jobs: those that `path` holds, and work(job) of the others, which are added to it.

    Shows the progress. Raises RuntimeError when the work on a job breaks down; what is done by then is kept.
    """
    done = _read(path)
    left = [job for job in jobs if job.key not in done]
    started_s = time.monotonic()
    path.parent.mkdir(parents=True, exist_ok=True)
    cut_off = path.is_file() and not path.read_text().endswith("\n")
    with path.open("a") as file:
        file.write("\n" if cut_off else "")
        for number, finished in enumerate(in_processes(work, left, workers, lambda: False), start=1):
            if finished.result is None:
                raise RuntimeError(f"{finished.job.key}: {finished.crash}")
            file.write(json.dumps(finished.result) + "\n")
            file.flush()
            done[finished.job.key] = finished.result
            _show_progress(number, len(left), time.monotonic() - started_s)
    return [done[job.key] for job in jobs]


def _read(path: Path) -> dict[str, Outcome]:
    """By their key; a last line that was cut off is left out."""
    outcomes: dict[str, Outcome] = {}
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

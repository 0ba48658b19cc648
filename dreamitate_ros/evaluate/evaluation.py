"""Trials of many seeds in several processes; whatever a trial does, it ends in a verdict."""

from collections.abc import Callable, Iterator, Sequence

from dreamitate_ros.errors import ErrorCode
from dreamitate_ros.evaluate.results import Results
from dreamitate_ros.evaluate.summary import row
from dreamitate_ros.evaluate.trial import Trial
from dreamitate_ros.values import Stop
from dreamitate_ros.workers import in_processes

Trials = Callable[[Sequence[int]], Iterator[Trial]]
"""The trials of some seeds, in order, as they end; runs in a process of its own."""


def evaluate(
    results: Results, seeds: Sequence[int], trials: Trials, batch: int, workers: int, stop: Stop
) -> list[Trial]:
    """Run the seeds that `results` does not hold yet, `batch` of them in a process, and return all of them.

    A process that dies costs the trial in work, which counts as a failure with its reason; the others go on in another.
    Raises Cancelled.
    """

    def work(some: tuple[int, ...]) -> int:
        for trial in trials(some):
            results.keep(trial)
            print(row(trial), flush=True)
        return len(some)

    while left := [seed for seed in seeds if results.trial(seed) is None]:
        batches = [tuple(left[start : start + batch]) for start in range(0, len(left), batch)]
        for finished in in_processes(work, batches, workers, stop):
            unfinished = [seed for seed in finished.job if results.trial(seed) is None]
            if unfinished:
                reason = f"{ErrorCode.UNKNOWN.name}: {finished.crash or 'it ended without a trial'}"
                crashed = Trial(unfinished[0], (), finished.wall_s, reason)
                results.keep(crashed)
                print(row(crashed), flush=True)
    return [trial for seed in seeds if (trial := results.trial(seed)) is not None]

"""Many trials in a few figures: success with its Wilson interval, medians, and a table to read."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from dreamitate_ros.evaluate.trial import Round, Trial

Z_95 = 1.959964  # standard normal quantile of a two-sided 95 % interval


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """95 % score interval of a proportion (Wilson 1927); (0, 1) without trials."""
    if trials == 0:
        return 0.0, 1.0
    share, z2 = successes / trials, Z_95**2
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z_95 / (1 + z2 / trials) * math.sqrt(share * (1 - share) / trials + z2 / (4 * trials**2))
    return max(0.0, centre - half), min(1.0, centre + half)


def summarise(trials: Sequence[Trial]) -> dict[str, Any]:
    """The figures of all trials; medians are over those that have the value, of each trial's best round."""
    successes = sum(trial.success for trial in trials)
    low, high = wilson_interval(successes, len(trials))
    best = [trial.best for trial in trials if trial.best is not None]
    failures = Counter(trial.failed_stage for trial in trials if not trial.success)
    return {
        "trials": len(trials),
        "successes": successes,
        "success_interval_95": [round(low, 4), round(high, 4)],
        "failures_by_stage": dict(failures.most_common()),
        "by_dreams": _by_dreams(trials),
        "mean_figures": _each(best, lambda each: each.outcome.figures, _mean),
        "median_figures": _each(best, lambda each: each.outcome.figures, _median),
        "median_path_error_mm": _each(best, lambda each: each.path_error_mm, _median),
        "median_stage_s": _each(best, lambda each: each.stages_s, _median),
        "median_overhead_s": _median([each.overhead_s for each in best if each.overhead_s is not None]),
        "median_wall_s": _median([trial.wall_s for trial in trials]),
    }


def row(trial: Trial) -> str:
    """One line of the table."""
    verdict = "success" if trial.success else f"FAILURE ({trial.failed_stage})"
    said = [trial.best.outcome.summary] if trial.best is not None else []
    dreams = [_dreams(trial)] if trial.dreams > len(trial.rounds) else []
    rounds = [f"best of {len(trial.rounds)} rounds"] if len(trial.rounds) > 1 else []
    errors = (
        [f"path error {arm} {mm:.1f} mm" for arm, mm in trial.best.path_error_mm.items()]
        if trial.best
        else []
    )
    wall = [f"{trial.wall_s:.0f} s"]
    words = "; ".join([*said, *rounds, *dreams, *errors, *wall, *([trial.error] if trial.error else [])])
    return f"seed {trial.seed:6d}  {verdict:8s}  {words}"


def table(trials: Sequence[Trial]) -> str:
    """The figures in words."""
    facts = summarise(trials)
    low, high = facts["success_interval_95"]
    lines = [
        f"success: {facts['successes']} of {facts['trials']}"
        f"  (95 % Wilson interval {100 * low:.0f} to {100 * high:.0f} %)",
        "failures: "
        + (", ".join(f"{count} in {stage}" for stage, count in facts["failures_by_stage"].items()) or "none"),
    ]
    if any(trial.dreams > len(trial.rounds) for trial in trials):
        lines += [
            f"{count} dreams imagined: trials {each['trials']}, successes {each['successes']},"
            f" {each['median_wall_s']} s of wall time, median"
            for count, each in facts["by_dreams"].items()
        ]
    lines += [
        f"{name}: mean {facts['mean_figures'][name]}, median {value}"
        for name, value in facts["median_figures"].items()
    ]
    lines += [
        "path error, median of medians: " + _list(facts["median_path_error_mm"], "mm"),
        "stages, median: " + _list(facts["median_stage_s"], "s"),
        f"overhead (goal to motion, less the stages' own compute), median: {facts['median_overhead_s']} s",
        f"wall time of a trial, median: {facts['median_wall_s']} s",
    ]
    return "\n".join(lines)


def _by_dreams(trials: Sequence[Trial]) -> dict[int, dict[str, Any]]:
    """Dreams imagined in a trial -> how many such trials there were, how they ended, and their time."""
    return {
        count: {
            "trials": len(some := [trial for trial in trials if trial.dreams == count]),
            "successes": sum(trial.success for trial in some),
            "median_wall_s": _median([trial.wall_s for trial in some]),
        }
        for count in sorted({trial.dreams for trial in trials})
    }


def _dreams(trial: Trial) -> str:
    chosen = [each.chosen for each in trial.rounds]
    numbers = ", ".join("none" if number is None else str(number) for number in chosen)
    return f"{trial.dreams} dreams, acted out: {numbers}"


def _list(values: dict[str, float], unit: str) -> str:
    return ", ".join(f"{name} {value} {unit}" for name, value in values.items()) or "none"


def _each(rounds: Iterable[Round], values: Any, average: Any) -> dict[str, float]:
    """Name -> average over the rounds that have it, in the order of appearance."""
    found: dict[str, list[float]] = {}
    for each in rounds:
        for name, value in values(each).items():
            found.setdefault(name, []).append(value)
    return {name: average(numbers) for name, numbers in found.items()}


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 3)


def _median(values: Sequence[float]) -> float | None:
    return round(median(values), 3) if values else None

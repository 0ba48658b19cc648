"""Many trials in a few figures: success with its Wilson interval, medians, and a table to read."""

import math
from collections.abc import Sequence
from statistics import median
from typing import Any

from dreamitate_ros.evaluate.trial import Trial

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
    """The figures of all trials; medians are over those that have the value."""
    successes = sum(trial.success for trial in trials)
    low, high = wilson_interval(successes, len(trials))
    stages = sorted({stage for trial in trials for stage in trial.stages_s})
    arms = sorted({arm for trial in trials for arm in trial.path_error_mm})
    return {
        "trials": len(trials),
        "successes": successes,
        "success_interval_95": [round(low, 3), round(high, 3)],
        "median_rotated_deg": _median([trial.rotated_deg for trial in trials]),
        "median_path_error_mm": {
            arm: _median([trial.path_error_mm[arm] for trial in trials if arm in trial.path_error_mm])
            for arm in arms
        },
        "median_stage_s": {
            stage: _median([trial.stages_s[stage] for trial in trials if stage in trial.stages_s])
            for stage in stages
        },
        "median_overhead_s": _median([trial.overhead_s for trial in trials if trial.overhead_s is not None]),
        "median_wall_s": _median([trial.wall_s for trial in trials]),
    }


def row(trial: Trial) -> str:
    """One line of the table."""
    errors = " ".join(f"{arm} {mm:.1f}" for arm, mm in trial.path_error_mm.items()) or "-"
    verdict = "success" if trial.success else "FAILURE"
    return (
        f"seed {trial.seed:6d}  {verdict}  rotated {trial.rotated_deg:6.1f} deg"
        f"  in contact {trial.in_contact_deg:6.1f} deg  path error mm: {errors}"
        f"  {trial.wall_s:5.1f} s  {trial.error}"
    ).rstrip()


def table(trials: Sequence[Trial]) -> str:
    """The figures in words."""
    facts = summarise(trials)
    low, high = facts["success_interval_95"]
    lines = [
        f"success: {facts['successes']} of {facts['trials']}"
        f"  (95 % Wilson interval {100 * low:.0f} to {100 * high:.0f} %)",
        f"rotated, median: {facts['median_rotated_deg']} deg",
        "path error, median of medians: "
        + ", ".join(f"{arm} {mm} mm" for arm, mm in facts["median_path_error_mm"].items()),
        "stages, median: " + ", ".join(f"{stage} {s} s" for stage, s in facts["median_stage_s"].items()),
        f"ROS overhead (goal to motion, less the stages' own compute), median: {facts['median_overhead_s']} s",
        f"wall time of a trial, median: {facts['median_wall_s']} s",
    ]
    return "\n".join(lines)


def _median(values: Sequence[float]) -> float | None:
    return round(median(values), 2) if values else None

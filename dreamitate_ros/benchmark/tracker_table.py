"""The tracker's outcomes in a table: errors, belief, calibration, refusals and times."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from dreamitate_ros.benchmark.score import RIGHT_DEG, RIGHT_MM
from dreamitate_ros.benchmark.trial import BAD, GATE
from dreamitate_ros.evaluate.summary import wilson_interval
from dreamitate_ros.values import Array


def rows(outcomes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for each kind of case and tool, and one for each kind over all tools."""
    result = []
    good = [outcome for outcome in outcomes if not outcome["label"].startswith(BAD)]
    for label in dict.fromkeys(outcome["label"] for outcome in good):
        of_kind = [outcome for outcome in good if outcome["label"] == label]
        for tool in (*dict.fromkeys(outcome["tool"] for outcome in of_kind), None):
            chosen = [outcome for outcome in of_kind if tool in (None, outcome["tool"])]
            result.append({"label": label, "tool": tool or "all"} | figures(chosen))
    return result


def figures(outcomes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Over the poses that are wanted; one that is missing counts as infinitely wrong."""
    mm, deg = (poses(outcomes, name, np.inf) for name in ("mm", "deg"))
    believed = poses(outcomes, "confidence", 0.0) >= GATE
    right = (mm <= RIGHT_MM) & (deg <= RIGHT_DEG)
    return {
        "cases": len(outcomes),
        "poses": len(mm),
        "median_mm": _percentile(mm, 50), "median_deg": _percentile(deg, 50),
        "p95_mm": _percentile(mm, 95), "p95_deg": _percentile(deg, 95),
        "believed": float(believed.mean()) if len(mm) else 0.0,
        "believed_poses": int(believed.sum()),
        "believed_right": int((believed & right).sum()),
        "believed_median_mm": _percentile(mm[believed], 50),
        "believed_median_deg": _percentile(deg[believed], 50),
        "acted_out": sum(outcome["refused"] is None for outcome in outcomes),
    }  # fmt: skip


def poses(outcomes: Sequence[dict[str, Any]], name: str, missing: float) -> Array:
    """(P,) one value for every wanted pose of every outcome."""
    values = []
    for outcome in outcomes:
        series = outcome[name] or [None] * len(outcome["wanted"])
        values += [
            missing if value is None else float(value)
            for value, wanted in zip(series, outcome["wanted"], strict=True)
            if wanted
        ]
    return np.array(values)


def table(outcomes: Sequence[dict[str, Any]]) -> str:
    """As text, for a person."""
    lines = [
        f"{'cases':<16}{'tool':<13}{'n':>4}  {'median':>18}  {'95th percentile':>18}  {'believed':>8}"
        f"  {'right of believed (95 % interval)':>34}  {'believed median':>18}  {'passed the gate':>15}"
    ]
    return "\n".join([*lines, *map(_line, rows(outcomes)), "", *_bad(outcomes), "", _times(outcomes)])


def _line(row: dict[str, Any]) -> str:
    low, high = wilson_interval(row["believed_right"], row["believed_poses"])
    share = row["believed_right"] / max(1, row["believed_poses"])
    return (
        f"{row['label']:<16}{row['tool']:<13}{row['cases']:>4}"
        f"  {_pair(row['median_mm'], row['median_deg'])}  {_pair(row['p95_mm'], row['p95_deg'])}"
        f"  {100 * row['believed']:>6.1f} %  {100 * share:>12.1f} % ({100 * low:>5.1f} to {100 * high:>5.1f} %)"
        f"  {_pair(row['believed_median_mm'], row['believed_median_deg'])}"
        f"  {row['acted_out']:>6} of {row['cases']:<5}"
    )


def _bad(outcomes: Sequence[dict[str, Any]]) -> list[str]:
    bad = [outcome for outcome in outcomes if outcome["label"].startswith(BAD)]
    if not bad:
        return []
    lines = []
    for label in dict.fromkeys(outcome["label"] for outcome in bad):
        of_kind = [outcome for outcome in bad if outcome["label"] == label]
        lines.append(
            f"{label:<28}{sum(o['refused'] is not None for o in of_kind):>3} of {len(of_kind)} refused"
        )
    refused = sum(outcome["refused"] is not None for outcome in bad)
    return [*lines, f"{'bad videos':<28}{refused:>3} of {len(bad)} refused"]


def _times(outcomes: Sequence[dict[str, Any]]) -> str:
    stages = list(dict.fromkeys(stage for outcome in outcomes for stage in outcome["stages_s"]))
    medians = [
        f"{stage} {np.median([outcome['stages_s'].get(stage, 0.0) for outcome in outcomes]):.2f} s"
        for stage in stages
    ]
    cpu_s = np.median([outcome["cpu_s"] for outcome in outcomes])
    return f"one tool in one clip, median wall time by stage: {', '.join(medians)}; CPU {cpu_s:.1f} s"


def _percentile(values: Array, share: float) -> float:
    return float(np.percentile(values, share, method="lower")) if len(values) else float("nan")


def _pair(mm: float, deg: float) -> str:
    return f"{mm:>7.2f} mm {deg:>5.2f} deg" if np.isfinite(mm) else f"{'none':>18}"

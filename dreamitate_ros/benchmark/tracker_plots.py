"""The tracker's error against what makes a case hard, and confidence against error."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes

from dreamitate_ros.benchmark.score import RIGHT_MM
from dreamitate_ros.benchmark.tracker_table import poses
from dreamitate_ros.benchmark.trial import GATE, SPOILED
from dreamitate_ros.report.figures import STYLE, figure
from dreamitate_ros.values import Array

BELIEVED, DOUBTED, MEDIAN = "#2f6db3", "#c9c9c4", "#d2691e"
BINS = 8
HIGHEST_MM = 40.0


def draw(path: Path, outcomes: Sequence[dict[str, Any]]) -> None:
    """Three plots over the poses of the cases with artefacts, side by side, to a picture file."""
    chosen = [outcome for outcome in outcomes if outcome["label"] == SPOILED and outcome["mm"]]
    mm = np.minimum(poses(chosen, "mm", HIGHEST_MM), HIGHEST_MM)
    confidence = poses(chosen, "confidence", 0.0)
    with matplotlib.rc_context({**STYLE, "figure.facecolor": "white"}):
        drawing = figure(3.4)
        apart, hidden, trust = drawing.subplots(1, 3)
        _scatter(apart, poses(chosen, "apart_px", 0.0), mm, confidence, "views apart, px at 768 of width")
        _scatter(hidden, 100 * poses(chosen, "hidden", 0.0), mm, confidence, "hidden by the hand, %")
        _scatter(trust, mm, confidence, confidence, f"error, mm ({HIGHEST_MM:g}: or more, or no pose)")
        trust.axhline(GATE, color=MEDIAN, lw=1)
        trust.axvline(RIGHT_MM, color=MEDIAN, lw=1, ls=":")
        apart.set_ylabel("error, mm")
        hidden.set_ylabel("error, mm")
        trust.set_ylabel("confidence")
        drawing.savefig(path, dpi=130)


def _scatter(axes: Axes, x: Array, y: Array, confidence: Array, label: str) -> None:
    believed = confidence >= GATE
    axes.scatter(x[~believed], y[~believed], s=6, color=DOUBTED, label="below the gate")
    axes.scatter(x[believed], y[believed], s=6, color=BELIEVED, label="believed")
    axes.set_xlabel(label)
    if believed.sum() > BINS:
        edges = np.quantile(x[believed], np.linspace(0, 1, BINS + 1))
        places = np.clip(np.searchsorted(edges, x[believed], side="right") - 1, 0, BINS - 1)
        filled = [number for number in range(BINS) if (places == number).any()]
        middles = [float(np.median(x[believed][places == number])) for number in filled]
        medians = [float(np.median(y[believed][places == number])) for number in filled]
        axes.plot(middles, medians, color=MEDIAN, lw=1.6, label="median of believed")
    axes.legend(fontsize=6.5)

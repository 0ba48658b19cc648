"""What all plots share: the look, the arms' colours, and SVG that can stand inside an HTML page."""

import io
import re
from collections.abc import Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

ARM_COLOURS = {"left": "#2f6db3", "right": "#d2691e"}
INK, FAINT, GRID = "#333333", "#8a8a8a", "#e4e4e0"
WIDTH_IN = 9.6

STYLE = {
    "font.family": "sans-serif",
    "font.size": 9.0,
    "axes.edgecolor": "#bbbbb6",
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9.5,
    "axes.titlelocation": "left",
    "axes.titlecolor": INK,
    "axes.grid": True,
    "axes.linewidth": 0.8,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "legend.frameon": False,
    "svg.fonttype": "none",
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}


def colour(arm: str) -> str:
    """The arm's colour in every plot."""
    return ARM_COLOURS.get(arm, "#5b7f3a")


def figure(height_in: float) -> Figure:
    """An empty figure as wide as the page."""
    return Figure(figsize=(WIDTH_IN, height_in), layout="constrained")


def legend(axes: Axes, columns: int = 1) -> None:
    """A legend with the arms' names in plain text."""
    axes.legend(loc="best", ncols=columns, fontsize=8.5, handlelength=1.6)


def svg(drawing: Figure, name: str) -> str:
    """The figure as an <svg> element; `name` keeps its ids apart from those of other plots on the page."""
    stream = io.StringIO()
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": name}):
        drawing.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", text)  # HTML knows both namespaces
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    return re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)


def time_axis(rows: Sequence[Axes], label: str = "time, s") -> None:
    """Name the time axis."""
    for axes in rows:
        axes.set_xlabel(label)

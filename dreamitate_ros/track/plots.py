"""Plots of tracks: the six components of each tool's pose with their uncertainty, confidence and residuals."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from scipy.spatial.transform import Rotation

from dreamitate_ros.report.figures import STYLE, colour, figure, legend, time_axis
from dreamitate_ros.values import Array, ToolTrack

SIGMAS = 2.0  # half width of the uncertainty that is drawn, in standard deviations
TITLES = ("x, mm", "y, mm", "z, mm", "about x, deg", "about y, deg", "about z, deg")


def draw_plots(path: Path, tracks: Sequence[ToolTrack]) -> None:
    """Write a picture (its kind by the suffix: .png, .svg, .pdf), in the top camera's frame.

    Rotations are rotation vectors from the first pose. Filled dots were observed, hollow ones come from their
    neighbours; the band is +-2 standard deviations.
    """
    with matplotlib.rc_context(STYLE):
        drawing = figure(5.6)
        grid = drawing.subplots(2, 4, sharex=True)
        for track in (track for track in tracks if track.present.any()):
            values, sigma = components(track)
            for index, axes in enumerate(grid[:, :3].flat):
                _draw_component(axes, track, values[:, index], sigma[:, index])
            _draw_dots(grid[0, 3], track, track.confidence)
            for view, style in enumerate(("-", "--")):
                grid[1, 3].plot(track.times_s, track.residuals_px[:, view], style, color=colour(track.tool))
        for axes, title in zip(grid[:, :3].flat, TITLES, strict=True):
            axes.set_title(title)
        grid[0, 3].set_title("confidence, 0 to 1")
        grid[0, 3].set_ylim(-0.03, 1.05)
        grid[1, 3].set_title("residual, px (- top, -- side)")
        legend(grid[0, 0])
        time_axis(grid[1], "imagined time, s")
        drawing.savefig(path, dpi=130)


def components(track: ToolTrack) -> tuple[Array, Array]:
    """(T, 6) x, y, z in mm and the rotation vector from the first pose in deg, along the top camera's axes; and
    their standard deviations. NaN where there is no pose."""
    values = np.full((len(track.times_s), 6), np.nan)
    shown = np.flatnonzero(track.present)
    values[shown, :3] = 1e3 * track.top_from_tool[shown, :3, 3]
    turns = track.top_from_tool[shown, :3, :3] @ track.top_from_tool[shown[0], :3, :3].T
    values[shown, 3:] = np.degrees(Rotation.from_matrix(turns).as_rotvec())
    return values, track.sigma * ([1e3] * 3 + [np.degrees(1)] * 3)


def _draw_component(axes: Axes, track: ToolTrack, values: Array, sigma: Array) -> None:
    low, high = values - SIGMAS * sigma, values + SIGMAS * sigma
    axes.fill_between(track.times_s, low, high, color=colour(track.tool), alpha=0.18, lw=0)
    _draw_dots(axes, track, values)


def _draw_dots(axes: Axes, track: ToolTrack, values: Array) -> None:
    ink = colour(track.tool)
    axes.plot(track.times_s, values, color=ink, lw=1.2, label=f"{track.tool} tool")
    for mask, face in ((track.observed, ink), (~track.observed, "white")):
        axes.scatter(track.times_s[mask], values[mask], s=13, facecolor=face, edgecolor=ink, zorder=3)

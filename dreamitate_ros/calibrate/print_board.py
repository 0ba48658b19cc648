"""The board as a PDF to print, true to size."""

from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from dreamitate_ros.calibrate.board import MM, PAPERS_MM, Board
from dreamitate_ros.errors import DreamitateError, ErrorCode

INCH_MM = 25.4
MARGIN_MM = 9.0  # what printers leave white, and the markers need around them
RULER_MM = 100.0


def write_board(path: Path, board: Board, paper: str = "A4") -> None:
    """Write one page with the board, its ruler and how to print it; raises INVALID_PARAMETER if it does not fit."""
    with matplotlib.rc_context({"pdf.fonttype": 42}):
        draw_board(board, paper).savefig(path, format="pdf")


def draw_board(board: Board, paper: str = "A4") -> Figure:
    """The page, landscape."""
    width_mm, height_mm = PAPERS_MM[paper]
    board_mm = np.array(board.size_m) / MM
    free_mm = np.array([width_mm, height_mm]) - board_mm
    if (free_mm < 2 * MARGIN_MM).any():
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"a board of {board_mm[0]:g} x {board_mm[1]:g} mm does not fit on {paper}; take smaller squares or"
            f" larger paper ({', '.join(PAPERS_MM)})",
        )
    figure = Figure(figsize=(width_mm / INCH_MM, height_mm / INCH_MM))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width_mm)
    axes.set_ylim(height_mm, 0)
    axes.axis("off")
    left_mm, top_mm = free_mm[0] / 2, MARGIN_MM
    _draw_squares(axes, board, left_mm, top_mm)
    _draw_markers(axes, board, left_mm, top_mm)
    _draw_ruler(axes, board, left_mm, top_mm + float(board_mm[1]) + 3.0)
    return figure


def _draw_squares(axes: Axes, board: Board, left_mm: float, top_mm: float) -> None:
    side_mm = board.square_m / MM
    for row in range(board.rows):
        for column in range(row % 2, board.columns, 2):
            _black(axes, left_mm + column * side_mm, top_mm + row * side_mm, side_mm, side_mm)


def _draw_markers(axes: Axes, board: Board, left_mm: float, top_mm: float) -> None:
    cells = board.bits.markerSize + 2
    cell_mm, inset_mm = board.marker_m / MM / cells, (board.square_m - board.marker_m) / MM / 2
    marker = 0
    for row in range(board.rows):
        for column in range(1 - row % 2, board.columns, 2):
            x_mm = left_mm + column * board.square_m / MM + inset_mm
            y_mm = top_mm + row * board.square_m / MM + inset_mm
            for i, line in enumerate(board.bits.generateImageMarker(marker, cells) == 0):
                for first, last in _runs(line):
                    _black(
                        axes, x_mm + first * cell_mm, y_mm + i * cell_mm, (last - first) * cell_mm, cell_mm
                    )
            marker += 1


def _runs(line: np.ndarray) -> list[tuple[int, int]]:
    """First and one past the last index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], line.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _black(axes: Axes, x_mm: float, y_mm: float, width_mm: float, height_mm: float) -> None:
    axes.add_patch(Rectangle((x_mm, y_mm), width_mm, height_mm, facecolor="black", linewidth=0))


def _draw_ruler(axes: Axes, board: Board, left_mm: float, y_mm: float) -> None:
    _black(axes, left_mm, y_mm, RULER_MM, 0.3)
    for tick_mm in range(0, int(RULER_MM) + 1, 10):
        _black(axes, left_mm + tick_mm - 0.1, y_mm, 0.2, 1.5)
    note = f"print at 100 %: this ruler is {RULER_MM:g} mm long; glue the page onto a flat, stiff plate.  {board}"
    axes.text(left_mm + RULER_MM + 3, y_mm + 1.2, note, fontsize=5.5, va="center")

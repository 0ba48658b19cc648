"""The printed board: true to size, and the one that is looked for."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from dreamitate_ros.calibrate.board import Board, board_from
from dreamitate_ros.calibrate.print_board import draw_board, write_board
from dreamitate_ros.calibrate.sighting import find_board
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.values import Image

DPI = 200.0


def picture(board: Board, path: Path, paper: str = "A4") -> Image:
    draw_board(board, paper).savefig(path, dpi=DPI, facecolor="white")
    return np.asarray(cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB), np.uint8)


@pytest.mark.parametrize(
    ("board", "paper"),
    [
        (Board(), "A4"),
        (Board(6, 9, 0.03, 0.022, "DICT_4X4_50"), "A3"),
        (Board(9, 6, 0.028, 0.021, "DICT_6X6_250"), "A4"),
    ],
)
def test_the_printed_board_is_found_true_to_size(board: Board, paper: str, tmp_path: Path) -> None:
    sighting = find_board(picture(board, tmp_path / "page.png", paper), board, "page.png")
    assert sighting is not None
    np.testing.assert_array_equal(sighting.ids, np.arange(len(board.corners_m)))
    expected_px = board.corners_m[:, :2] / 0.0254 * DPI
    offset_px = sighting.corners_px - expected_px
    assert np.abs(offset_px - offset_px.mean(axis=0)).max() < 0.7


def test_the_pdf_has_the_papers_size(tmp_path: Path) -> None:
    write_board(tmp_path / "board.pdf", Board())
    box = re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+) \]", (tmp_path / "board.pdf").read_bytes())
    assert box is not None
    np.testing.assert_allclose([float(side) / 72 * 25.4 for side in box.groups()], [297.0, 210.0], atol=0.01)


def test_corners_are_opencvs() -> None:
    board = Board()
    np.testing.assert_allclose(board.corners_m, board.detector().getBoard().getChessboardCorners(), atol=1e-6)


def test_a_board_larger_than_the_paper_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DreamitateError, match="does not fit on A4; take smaller squares"):
        write_board(tmp_path / "board.pdf", Board(9, 6))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"dictionary": "DICT_9X9_50"}, "its dictionary must be one of"),
        ({"marker_m": 0.05}, "must be smaller than its squares"),
        ({"columns": 40, "rows": 30}, "are more than DICT_5X5_100 holds"),
        ({"colour": "red"}, "it is described by columns, rows"),
        ({"columns": [7]}, "it is described by columns, rows"),
    ],
)
def test_an_impossible_board_is_refused(content: dict[str, object], words: str) -> None:
    with pytest.raises(DreamitateError, match=words):
        board_from(content)


def test_an_empty_photo_shows_no_board() -> None:
    assert find_board(np.full((720, 1280, 3), 90, np.uint8), Board(), "empty.png") is None

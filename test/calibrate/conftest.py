import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dreamitate_ros.calibrate.board import Board
from dreamitate_ros.rig import Rig, load_rig

CONFIG = Path(__file__).parents[2] / "config"
_SPEC = importlib.util.spec_from_file_location("board_cell", Path(__file__).with_name("cell.py"))
assert _SPEC is not None and _SPEC.loader is not None
board_cell = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(board_cell)


@pytest.fixture(scope="session")
def rig() -> Rig:
    return load_rig(CONFIG / "rigs" / "cell.yaml")


@pytest.fixture(scope="session")
def board() -> Board:
    return Board(thickness_m=0.003)


@pytest.fixture(scope="session")
def cell(rig: Rig, board: Board) -> Iterator[Any]:
    cell = board_cell.BoardCell(rig, board)
    yield cell
    cell.close()


@pytest.fixture(scope="session")
def places(rig: Rig, board: Board, cell: Any) -> list[Any]:
    """The board once on the table and in 16 poses of the left arm, photographed."""
    held = [cell.held(joints_rad) for joints_rad in board_cell.reachable(rig, board, 16, seed=1)]
    return [cell.on_table(board.thickness_m), *held]


@pytest.fixture
def record(tmp_path: Path, rig: Rig, board: Board) -> Callable[[list[Any]], Path]:
    """Writes places into the folder that `dreamitate calibrate --recording` reads."""
    return lambda places: board_cell.write(tmp_path, rig, board, places)

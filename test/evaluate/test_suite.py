"""A suite: a table of evaluations; what cannot be run is told and left out, and the rest goes on."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from dreamitate_ros.cli import parser
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.evaluate.command import _cell_arguments
from dreamitate_ros.evaluate.suite import Cell, load_suite
from dreamitate_ros.evaluate.suite_page import suite_page, suite_table
from dreamitate_ros.evaluate.suite_run import command_of, run_suite
from dreamitate_ros.evaluate.trial import Round, Trial
from dreamitate_ros.simulate.measure import Outcome

SUITE = """
seed: 900000
figures: {push: [iou]}
paper: {push: {ours: 5 of 8}}
runs:
  push:
    ours: {task: push_shape, generator: diffusion, trials: 2}
    oracle: {task: push_shape, trials: 2}
  turn:
    oracle: {task: rotate, trials: 2}
"""


def go_on() -> bool:
    return False


def silent(*_: object) -> None:
    """Nobody listens."""


def trial(seed: int, success: bool) -> Trial:
    outcome = Outcome(success, 0.8, "pushed", {"iou": 0.8 if success else 0.4})
    return Trial(seed, (Round("nowhere", "", "", outcome),), 10.0 + seed)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "tiny.yaml").write_text(SUITE)
    return tmp_path


def test_the_table_has_a_row_a_column_and_what_the_paper_says(config: Path) -> None:
    def evaluate(cell: Cell) -> Sequence[Trial]:
        if cell.column == "ours":
            raise DreamitateError(ErrorCode.INVALID_PARAMETER, "there is no model folder 'small_push'")
        return [trial(0, True), trial(1, cell.row == "turn")]

    suite, said, written = load_suite("tiny", config), list[str](), list[int]()
    filled = run_suite(suite, evaluate, lambda so_far: written.append(len(so_far)), said.append)
    assert suite_table(suite, filled).splitlines() == [
        "| | ours | oracle |",
        "|---|---|---|",
        "| push | not run [5 of 8] | 1 of 2 (9 to 91 %); iou 0.6; 10 s |",
        "| turn |  | 2 of 2 (34 to 100 %); 10 s |",
    ]
    assert written == [1, 2, 3]
    assert "left out: there is no model folder 'small_push'" in said


def test_the_page_shows_commands_failures_by_stage_and_what_was_left_out(config: Path) -> None:
    suite = load_suite("tiny", config)
    filled = run_suite(suite, lambda cell: [trial(0, True), trial(1, False)], silent, silent)
    page = suite_page(suite, filled, config)
    assert "dreamitate evaluate --task push_shape --generator diffusion --trials 2 --seed 900000" in page
    assert page.count("Failures: every stage ran") == 3
    assert 'href="turn_oracle/report.html"' in page


def test_a_cancelled_suite_keeps_what_was_written(config: Path) -> None:
    def evaluate(cell: Cell) -> Sequence[Trial]:
        if cell.row == "turn":
            raise Cancelled("evaluation")
        return [trial(0, True)]

    written = list[int]()
    with pytest.raises(Cancelled):
        run_suite(
            load_suite("tiny", config), evaluate, lambda so_far: written.append(len(so_far)), lambda _: None
        )
    assert written == [1, 2]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("trials: 2}", "tries: 2}", "push, ours: 'tries' is unknown; known keys: task, generator"),
        ("task: rotate, ", "", "turn, oracle: must be a mapping of task, .* with a task at least"),
        ("seed: 900000", "seed: soon", "must hold a whole number `seed`"),
        ("figures:", "pictures:", "'pictures' is unknown; known keys: seed, figures, paper, runs"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(config: Path, before: str, after: str, words: str) -> None:
    (config / "suites" / "tiny.yaml").write_text(SUITE.replace(before, after))
    with pytest.raises(DreamitateError, match=words):
        load_suite("tiny", config)


def test_an_unknown_suite_lists_the_known_ones(config: Path) -> None:
    with pytest.raises(DreamitateError, match="no suite 'paper'; known suites: tiny"):
        load_suite("paper", config)


def test_every_cell_of_the_shipped_suite_is_a_command_that_parses(tmp_path: Path) -> None:
    suite = load_suite("paper", config_directory())
    common = parser().parse_args(["evaluate", "--suite", "paper", "--no-ros", "--workers", "2"])
    assert suite.rows[:4] == ["rotate", "scoop", "sweep", "push_shape"]
    assert suite.columns == ["ours", "oracle", "baseline"]
    for cell in suite.cells:
        one = _cell_arguments(cell, common, tmp_path)
        assert (one.no_ros, one.workers, one.seed) == (True, 2, 900_000)
        assert one.trials == (32 if cell.row == "push_shape" else 40)
        assert one.output == tmp_path / cell.folder
        assert command_of(cell).startswith("dreamitate evaluate --task")
    assert len({cell.folder for cell in suite.cells}) == len(suite.cells)


def test_a_value_that_no_option_takes_is_one_clear_error(tmp_path: Path) -> None:
    common = parser().parse_args(["evaluate"])
    with pytest.raises(DreamitateError, match="turn, oracle: argument --trials: invalid int value"):
        _cell_arguments(Cell("turn", "oracle", ("--trials", "many")), common, tmp_path)

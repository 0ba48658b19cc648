"""Figures of many trials, against published values of the Wilson interval."""

import json
from dataclasses import replace

import pytest

from dreamitate_ros.evaluate.summary import row, summarise, table, wilson_interval
from dreamitate_ros.evaluate.trial import Round, Trial, round_seed
from dreamitate_ros.simulate.measure import Outcome


def a_round(turned_deg: float, error: str = "", stage: str = "") -> Round:
    outcome = Outcome(
        turned_deg >= 25, turned_deg, f"turned {turned_deg:.1f} deg", {"rotated_deg": turned_deg}
    )
    return Round("episode", error, stage, outcome, {"left": 1.0, "right": 2.0}, {"track": 9.0}, 1.5)


def trial(seed: int, *rounds: Round) -> Trial:
    return Trial(seed, rounds, 40.0)


LOST = a_round(35.0, "PATH_DEVIATION: pushed away", "execute")


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (37, 40, 0.8014, 0.9742), (0, 0, 0.0, 1.0)],
)
def test_wilson_interval(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson_interval(successes, trials) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))


def test_success_needs_the_truth_and_a_round_without_error() -> None:
    assert trial(1, a_round(25.0)).success
    assert not trial(1, a_round(24.9)).success
    assert not trial(1, LOST).success
    assert not Trial(1, (), 1.0, "UNKNOWN: signal 11").success


def test_the_best_complete_round_counts() -> None:
    assert trial(1, a_round(10), a_round(30), LOST).success
    assert trial(1, a_round(10), a_round(30), a_round(20)).best == a_round(30)
    assert not trial(1, a_round(10), LOST).success


@pytest.mark.parametrize(
    ("error", "stage", "ends"),
    [
        ("", "", False),
        ("DREAMS_REFUSED: none of 4", "plan", False),
        ("LOW_CONFIDENCE: the left tool", "track", False),
        ("UNREACHABLE: the left arm", "plan", False),
        ("COLLISION: it would", "execute", True),
        ("PATH_DEVIATION: pushed away", "execute", True),
        ("GENERATION_FAILED: the expert finds no push", "generate", True),
        ("CANCELLED: by the user", "plan", True),
    ],
)
def test_a_trial_goes_on_after_what_moved_nothing_and_may_be_better_next_time(error, stage, ends) -> None:
    assert a_round(0.0, error, stage).ends_trial is ends


def test_no_two_dreams_of_a_trial_have_the_same_seed() -> None:
    assert [round_seed(900, number, 4) for number in range(3)] == [900, 904, 908]


def test_failures_are_told_by_stage() -> None:
    assert trial(1, a_round(30.0)).failed_stage == ""
    assert trial(1, a_round(3.0)).failed_stage == "outcome"
    assert trial(1, LOST).failed_stage == "execute"
    assert Trial(1, (), 1.0, "UNKNOWN: signal 11").failed_stage == "crash"


def test_summary_and_table_count_every_trial() -> None:
    trials = [
        trial(1, a_round(31.0)),
        trial(2, a_round(3.0)),
        trial(3, LOST),
        Trial(4, (), 2.0, "UNKNOWN: died"),
    ]
    facts = summarise(trials)
    assert (facts["trials"], facts["successes"]) == (4, 1)
    assert facts["failures_by_stage"] == {"outcome": 1, "execute": 1, "crash": 1}
    assert facts["median_figures"] == {"rotated_deg": 31.0}
    assert facts["mean_figures"] == {"rotated_deg": 23.0}
    assert facts["median_path_error_mm"] == {"left": 1.0, "right": 2.0}
    assert "success: 1 of 4" in table(trials)
    assert "FAILURE (execute)" in row(trials[2])
    assert "PATH_DEVIATION" in row(trials[2])
    assert "died" in row(trials[3])


def test_dreams_are_counted_against_success_and_time() -> None:
    quick = replace(a_round(31.0), dreams=1, chosen=1)
    slow = replace(a_round(3.0), dreams=3, chosen=2)
    refused = replace(LOST, dreams=3, chosen=None)
    trials = [Trial(1, (quick,), 40.0), Trial(2, (slow,), 90.0), Trial(3, (refused,), 70.0)]
    assert summarise(trials)["by_dreams"] == {
        1: {"trials": 1, "successes": 1, "median_wall_s": 40.0},
        3: {"trials": 2, "successes": 0, "median_wall_s": 80.0},
    }
    assert "3 dreams imagined: trials 2, successes 0, 80.0 s of wall time" in table(trials)
    assert "dreams imagined" not in table(trials[:1])
    assert "3 dreams, acted out: 2" in row(trials[1])
    assert "3 dreams, acted out: none" in row(trials[2])


def test_a_trial_survives_its_file() -> None:
    for each in (trial(7, a_round(30.0), LOST), Trial(4, (), 2.0, "UNKNOWN: died")):
        assert Trial.from_json(json.loads(json.dumps(each.to_json()))) == each

"""Figures of many trials, against published values of the Wilson interval."""

import pytest

from dreamitate_ros.evaluate.summary import row, summarise, table, wilson_interval
from dreamitate_ros.evaluate.trial import Trial


def trial(seed: int, turned_deg: float, error: str = "") -> Trial:
    return Trial(
        seed, "episode", error, turned_deg, turned_deg, 40.0, {"left": 1.0, "right": 2.0}, {"track": 9.0}, 1.5
    )


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (37, 40, 0.8014, 0.9742), (0, 0, 0.0, 1.0)],
)
def test_wilson_interval(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson_interval(successes, trials) == (pytest.approx(low, abs=1e-3), pytest.approx(high, abs=1e-3))


def test_success_needs_the_turn_the_contact_and_no_error() -> None:
    assert trial(1, 25.0).success
    assert not trial(1, 24.9).success
    assert not trial(1, 40.0, "PATH_DEVIATION: pushed away").success
    assert not Trial(1, "e", "", 40.0, 10.0, 1.0).success


def test_summary_and_table_count_every_trial() -> None:
    trials = [trial(500, 31.0), trial(501, 3.0), trial(502, 35.0, "UNREACHABLE: too far")]
    facts = summarise(trials)
    assert (facts["trials"], facts["successes"]) == (3, 1)
    assert facts["median_path_error_mm"] == {"left": 1.0, "right": 2.0}
    assert "success: 1 of 3" in table(trials)
    assert "FAILURE" in row(trials[2])
    assert "UNREACHABLE" in row(trials[2])


def test_a_trial_survives_its_file() -> None:
    assert Trial.from_json(trial(7, 30.0).to_json()) == trial(7, 30.0)

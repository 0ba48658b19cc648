"""Random paths keep the arm's limits, and a refusal says when, what and how much."""

import re

import numpy as np
import pytest

from dreamitate_ros.benchmark.random_paths import RandomPath, benchmark_paths, planned, random_poses, table

SEED = 7


@pytest.fixture(scope="module")
def outcomes():
    return [planned(RandomPath(SEED, index)) for index in range(60)]


def test_no_motion_comes_over_a_limit_and_some_come_near(outcomes):
    shares = np.array([outcome["shares"] for outcome in outcomes if not outcome["refused"]])
    assert len(shares) > 20
    assert (shares.max(axis=0) > 0.5).all()
    assert (shares <= 1.0).all()


def test_a_refused_path_says_when_and_how_much(outcomes):
    refused = [outcome for outcome in outcomes if outcome["refused"]]
    assert {outcome["refused"] for outcome in refused} >= {"UNREACHABLE", "SPEED_LIMIT"}
    for outcome in refused:
        assert re.search(r"at [\d.]+ s of the video", outcome["message"])
        assert re.search(r"\d (mm|deg|rad)", outcome["message"])


def test_a_path_is_the_same_again_and_smooth():
    first, again = (random_poses(np.random.default_rng([SEED, 3])) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    steps_m = np.linalg.norm(np.diff(first[:, :3, 3], axis=0), axis=1)
    assert 0 < steps_m.max() < 0.1


def test_the_table_counts_what_goes_over_and_what_is_refused():
    outcomes = [
        {"key": "0/0", "refused": "", "shares": [0.5, 0.9, 0.3, 0.2]},
        {"key": "0/1", "refused": "", "shares": [0.5, 1.01, 0.3, 0.2]},
        {"key": "0/2", "refused": "UNREACHABLE", "message": "too far"},
    ]
    assert "2 of 3 planned" in table(outcomes)
    assert "over a limit: 1" in table(outcomes)
    assert "1 UNREACHABLE, for example too far" in table(outcomes)


def test_a_run_goes_on_where_it_was_cut(tmp_path):
    benchmark_paths(2, SEED, 1, tmp_path / "paths.jsonl")
    benchmark_paths(4, SEED, 1, tmp_path / "paths.jsonl")
    assert len((tmp_path / "paths.jsonl").read_text().splitlines()) == 4

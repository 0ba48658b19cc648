"""Trials on a Ray cluster of this machine: the same verdicts, their episodes brought home. Skipped without Ray."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dreamitate_ros.errors import Cancelled, DreamitateError
from dreamitate_ros.evaluate.on_ray import evaluate_on_ray
from dreamitate_ros.evaluate.results import Results
from dreamitate_ros.evaluate.trial import Round, Trial
from dreamitate_ros.simulate.measure import Outcome

SETTINGS = {"task": "rotate", "generator": "oracle", "ros": False}
GOOD = Outcome(True, 31.0, "turned 31.0 deg", {"rotated_deg": 31.0})


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results.open(tmp_path / "evaluation", SETTINGS)


@pytest.fixture
def cluster() -> Iterator[None]:
    pytest.importorskip("ray")
    yield


def test_without_ray_it_says_how_to_get_it(results: Results, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(DreamitateError, match=r"pip install 'dreamitate_ros\[ray\]'"):
        evaluate_on_ray(results, [0], lambda results, seed: Trial(seed, (), 0.0), None, lambda: False)


def test_every_seed_ends_in_a_verdict_and_its_episode_comes_home(results: Results, cluster: None) -> None:
    def trial_in(results: Results, seed: int) -> Trial:
        if seed == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if seed == 2:
            raise RuntimeError("out of luck")
        folder = results.episodes / "2026-01-01T00-00-00Z_rotate"  # two machines may choose one name
        folder.mkdir()
        (folder / "note.txt").write_text(f"seed {seed}")
        return Trial(seed, (Round(str(folder), "", "", GOOD),), 1.0)

    done = evaluate_on_ray(results, range(4), trial_in, None, lambda: False)
    assert [trial.seed for trial in done if trial.success] == [0, 3]
    assert done[1].failed_stage == done[2].failed_stage == "crash"
    assert "out of luck" in done[2].crash
    for seed in (0, 3):
        episode = Path(done[seed].rounds[0].episode)
        assert results.episodes in episode.parents
        assert (episode / "note.txt").read_text() == f"seed {seed}"


def test_what_is_done_is_kept_and_a_stop_is_heard(results: Results, cluster: None) -> None:
    kept = Trial(0, (Round("", "", "", GOOD),), 1.0)
    results.keep(kept)
    with pytest.raises(Cancelled):
        evaluate_on_ray(results, [0, 1], lambda results, seed: kept, None, lambda: True)
    assert [trial.seed for trial in results.trials()] == [0]

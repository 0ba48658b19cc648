"""Trials in processes: what fails, crashes or is cut off still ends in one verdict a seed."""

import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from dreamitate_ros import episode_files as files
from dreamitate_ros.errors import Cancelled, DreamitateError
from dreamitate_ros.evaluate.evaluation import evaluate
from dreamitate_ros.evaluate.results import Results
from dreamitate_ros.evaluate.trial import Round, Trial
from dreamitate_ros.generate.video_file import write_frames
from dreamitate_ros.simulate.measure import Outcome

SETTINGS = {"task": "rotate", "generator": "oracle", "ros": False}
GOOD = Outcome(True, 31.0, "turned 31.0 deg", {"rotated_deg": 31.0})


def go_on() -> bool:
    return False


def trials(seeds: Sequence[int]) -> Iterator[Trial]:
    """Seed 2 kills its process, seed 4 raises."""
    for seed in seeds:
        if seed == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        if seed == 4:
            raise RuntimeError("out of luck")
        yield Trial(seed, (Round("", "", "", GOOD),), 1.0)


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results.open(tmp_path / "evaluation", SETTINGS)


@pytest.mark.parametrize(("batch", "workers"), [(1, 1), (1, 3), (6, 1), (3, 2)])
def test_every_seed_ends_in_a_verdict(results: Results, batch: int, workers: int) -> None:
    done = evaluate(results, range(6), trials, batch, workers, go_on)
    assert [trial.seed for trial in done] == list(range(6))
    assert [trial.seed for trial in done if trial.success] == [0, 1, 3, 5]
    assert "signal 9" in done[2].crash
    assert "RuntimeError: out of luck" in done[4].crash


def test_finished_trials_are_kept(results: Results) -> None:
    evaluate(results, [0, 1], trials, 1, 1, go_on)
    written = {path: path.stat().st_mtime_ns for path in results.folder.glob("trials/*.json")}
    again = Results.open(results.folder, SETTINGS)
    assert len(evaluate(again, [0, 1, 3], trials, 1, 1, go_on)) == 3
    assert {path: path.stat().st_mtime_ns for path in written} == written


def test_it_stops_when_asked_and_keeps_what_is_done(results: Results) -> None:
    evaluate(results, [0], trials, 1, 1, go_on)
    with pytest.raises(Cancelled):
        evaluate(results, [0, 1], trials, 1, 1, lambda: True)
    assert [trial.seed for trial in results.trials()] == [0]


def test_a_trial_that_was_killed_with_the_whole_evaluation_is_not_a_failure(
    results: Results, tmp_path: Path
) -> None:
    killed = tmp_path / "killed"

    def kill_all(seeds: Sequence[int]) -> Iterator[Trial]:
        yield from trials(seeds[:1])
        killed.touch()
        os.kill(os.getpid(), signal.SIGTERM)

    with pytest.raises(Cancelled):
        evaluate(results, [0, 1, 3], kill_all, 3, 1, killed.exists)
    assert [seed for seed in (0, 1, 3) if results.trial(seed) is not None] == [0]
    assert len(evaluate(results, [0, 1, 3], trials, 1, 1, go_on)) == 3


def test_other_settings_need_another_folder(results: Results) -> None:
    with pytest.raises(DreamitateError, match="another evaluation"):
        Results.open(results.folder, SETTINGS | {"ros": True})


def an_episode(folder: Path) -> str:
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / files.TOP), np.full((448, 768, 3), 90, np.uint8))
    write_frames(folder / files.OVERLAY, np.full((13, 112, 384, 3), 120, np.uint8), 6.0)
    return str(folder)


def test_the_page_shows_failures_first_by_stage(results: Results) -> None:
    lost = Outcome(False, 1.0, "turned 1.0 deg", {"rotated_deg": 1.0})
    episodes = [an_episode(results.episodes / name) for name in ("a", "b", "c")]
    results.keep(Trial(1, (Round(episodes[0], "", "", GOOD),), 1.0))
    results.keep(Trial(2, (Round(episodes[1], "UNREACHABLE: <too far>", "plan", lost),), 1.0))
    results.keep(Trial(3, (Round(episodes[2], "TRACKING_LOST: gone", "track", lost),), 1.0))
    results.keep(Trial(4, (), 1.0, "UNKNOWN: signal 9"))
    results.write_all()
    page = (results.folder / "report.html").read_text()
    order = [page.index(text) for text in ("crashed (1)", "in track (1)", "in plan (1)", "Successes (1)")]
    assert order == sorted(order)
    assert "success: 1 of 4" in page
    assert page.count("<img ") == 3
    assert "There is no picture of it." in page
    assert "&lt;too far&gt;" in page
    assert 'href="episodes/a/overlay.mp4"' in page

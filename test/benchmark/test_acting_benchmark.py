"""Tracked dreams of an evaluation, acted out again."""

from dataclasses import replace

import numpy as np
import pytest

from dreamitate_ros.benchmark.acting import benchmark_acting
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.demonstrate.episode import demonstration_of
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.evaluate.results import Results
from dreamitate_ros.evaluate.trial import Round, Trial
from dreamitate_ros.rig import load_rig
from dreamitate_ros.simulate.measure import Outcome
from dreamitate_ros.task import load_task
from dreamitate_ros.tool import load_tools
from dreamitate_ros.track.tracks_file import write_tracks

CONFIG = config_directory()
SEED = 900001
MISSED = Outcome(False, 0.0, "not turned", {})


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory):
    """Two scenes: one in whose second dream the tools move as the expert's; one in which no tool was found."""
    folder = tmp_path_factory.mktemp("evaluation")
    results = Results.open(folder, {"task": "rotate"})
    dreamt = results.episodes / "dreamt"
    results.keep(Trial(SEED, (Round(str(dreamt), "", "", MISSED, dreams=2, chosen=2),), 1.0))
    results.keep(Trial(SEED + 1, (Round(str(results.episodes / "lost"), "LOST: it", "track", MISSED),), 1.0))
    task = load_task("rotate", CONFIG)
    rig = load_rig(CONFIG / "rigs" / "cell.yaml")
    _, _, tracks = demonstration_of(task, rig.resized(64, 36), load_tools(task.arm_tools, CONFIG), SEED)
    path = dreamt / "dreams" / "02" / "tracks.json"
    path.parent.mkdir(parents=True)
    write_tracks(path, [_unseen_in_the_photo(track) for track in tracks])
    return folder


def _unseen_in_the_photo(track):
    return replace(track, confidence=np.append(0.0, track.confidence[1:]))


def test_the_best_of_the_dreams_is_acted_out_and_what_was_not_found_counts_as_failed(evaluation):
    head, acted, lost, total = benchmark_acting(evaluation, samples=4)
    assert "rotate, up to 4 dreams" in head and "contact_within_m" in head
    assert f"seed {SEED}  success  dream 2:" in acted
    assert f"seed {SEED + 1}  FAILED" in lost and "no tool" in lost
    assert total.startswith("1 of 2 succeeded")


def test_what_fewer_dreams_would_have_come_to(evaluation):
    _, first, _lost, total = benchmark_acting(evaluation, samples=1)
    assert "FAILED" in first and "no tool was found in dream 1" in first
    assert total.startswith("0 of 2 succeeded")


def test_dreams_that_were_not_kept_are_named(evaluation, tmp_path):
    Results.open(tmp_path, {"task": "rotate"}).keep(Trial(SEED, (Round("gone", "", "", MISSED),), 1.0))
    with pytest.raises(DreamitateError, match="has a tracked dream left"):
        list(benchmark_acting(tmp_path, samples=1))


def test_a_folder_that_is_no_evaluation_is_named(tmp_path):
    with pytest.raises(DreamitateError, match="give a folder that"):
        list(benchmark_acting(tmp_path, samples=1))


def test_less_than_one_dream_is_refused(tmp_path):
    with pytest.raises(DreamitateError, match="at least 1, not 0"):
        list(benchmark_acting(tmp_path, samples=0))

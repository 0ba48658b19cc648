"""A trial whose first dream shows no tool: the second is acted out, or the mean of the others; the report says so."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from dreamitate_ros import episode_files as files
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.evaluate.core import CorePolicy
from dreamitate_ros.rig import load_rig
from dreamitate_ros.simulate.oracle import OracleGenerator
from dreamitate_ros.task import Choice, load_task
from dreamitate_ros.tool import load_tools
from dreamitate_ros.values import StereoVideo

SEED = 900_000


@dataclass(frozen=True)
class Sleepy:
    """Nothing moves in its dream of SEED; in any other the oracle's expert does the task."""

    oracle: OracleGenerator

    def generate(self, photos, task, seed, progress, stop):
        if seed == SEED:
            still = np.stack([photos.top] * task.frames), np.stack([photos.side] * task.frames)
            return StereoVideo(*still, task.fps)
        return self.oracle.generate(photos, task, seed, progress, stop)


def a_trial(episodes: Path, samples: int, rounds: int = 1, choice: Choice = Choice.CLEAR):
    config = config_directory()
    rig_path = config / "rigs" / "cell.yaml"
    task = replace(load_task("push_shape", config), samples=samples, choice=choice)
    rig = load_rig(rig_path)
    tools = load_tools(task.arm_tools, config)
    policy = CorePolicy(task, rig, rig_path, tools, episodes)
    return policy.trial(SEED, lambda cell: [Sleepy(OracleGenerator(rig, tools, lambda: cell.scene))] * rounds)


@pytest.mark.timeout(600)
def test_the_second_dream_is_acted_out(tmp_path: Path) -> None:
    trial = a_trial(tmp_path, 3)
    (only,) = trial.rounds
    assert (trial.error, only.dreams, only.chosen) == ("", 2, 2)
    episode = Path(only.episode)
    refused, chosen = (
        json.loads((folder / files.VERDICT).read_text()) for folder in files.dream_folders(episode)
    )
    assert (refused["seed"], chosen["seed"]) == (SEED, SEED + 1)
    assert refused["refusal"].startswith("TRACKING_LOST: the left tool")
    assert (chosen["refusal"], chosen["score"]) == ("", 1.0)
    for name in (files.IMAGINED, files.OVERLAY, files.TRACKS, files.PLANNED):
        assert (episode / name).read_bytes() == (episode / files.DREAMS / "02" / name).read_bytes()
    page = (episode / files.REPORT).read_text()
    assert "Dream 2 of 2 was acted out" in page
    assert "the left tool was not found" in page


@pytest.mark.timeout(600)
def test_the_mean_of_those_that_are_fit_is_acted_out(tmp_path: Path) -> None:
    trial = a_trial(tmp_path, 3, choice=Choice.MEAN)
    (only,) = trial.rounds
    assert (trial.error, only.dreams, only.chosen) == ("", 3, 2)
    assert only.path_error_mm["left"] < 2.0
    page = (Path(only.episode) / files.REPORT).read_text()
    assert "The mean of 2 dreams was acted out, dream 2 is nearest to it" in page


@pytest.mark.timeout(600)
def test_a_single_dream_fails_as_it_is(tmp_path: Path) -> None:
    trial = a_trial(tmp_path, 1)
    assert trial.error.startswith("TRACKING_LOST: the left tool")
    assert (trial.failed_stage, trial.dreams, trial.rounds[0].chosen) == ("track", 1, None)
    assert (Path(trial.rounds[0].episode) / files.IMAGINED).is_file()


@pytest.mark.timeout(600)
def test_after_a_refused_round_the_next_one_dreams_anew(tmp_path: Path) -> None:
    refused, acted = a_trial(tmp_path, 1, rounds=2).rounds
    assert refused.error.startswith("TRACKING_LOST") and not refused.ends_trial
    assert acted.error == "" and acted.outcome.figures != refused.outcome.figures

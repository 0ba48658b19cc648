"""What the baseline learns from: poses tracked in the demonstrations' own videos."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from dreamitate_ros.baseline.labels import TRACKED, TRUE, read_labels
from dreamitate_ros.cli import main
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.generate.diffusion.train.config_file import load_training
from dreamitate_ros.generate.diffusion.train.demonstrations import list_demonstrations
from dreamitate_ros.generate.diffusion.train.start import train
from dreamitate_ros.generate.video_file import read_frames, write_frames

FPS = 6.0


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two demonstrations of rotate_bold; in the videos of the second, nothing is to be seen but the first photo."""
    folder = tmp_path_factory.mktemp("set")
    options = ["--task", "rotate_bold", "--size", "192x112", "--episodes", "2", "--workers", "2"]
    assert main(["demonstrate", *options, "--output", str(folder)]) == 0
    for view in ("top", "side"):
        path = folder / view / "000001.mp4"
        frames = read_frames(path)
        write_frames(path, np.repeat(frames[:1], len(frames), axis=0), FPS)
    assert main(["label", str(folder)]) == 0
    return folder


def test_tools_are_labelled_where_they_are(dataset: Path) -> None:
    first, _ = list_demonstrations(dataset / "demonstrations.txt")
    tracked, true = (read_labels(first, labels, FPS) for labels in (TRACKED, TRUE))
    assert [track.tool for track in tracked] == [track.tool for track in true]
    for found, track in zip(tracked, true, strict=True):
        seen = found.present
        assert seen.sum() >= 6
        away_m = np.linalg.norm((found.top_from_tool - track.top_from_tool)[seen, :3, 3], axis=1)
        assert np.median(away_m) < 0.01


def test_what_cannot_be_tracked_has_no_label(dataset: Path) -> None:
    _, empty = list_demonstrations(dataset / "demonstrations.txt")
    assert read_labels(empty, TRACKED, FPS) == []


def test_labelling_again_does_nothing(dataset: Path, capfd: pytest.CaptureFixture[str]) -> None:
    label = dataset / "tracked" / "000000.json"
    written = label.stat().st_mtime_ns
    assert main(["label", str(dataset)]) == 0
    assert "1 of 2 demonstrations tracked" in capfd.readouterr().out
    assert label.stat().st_mtime_ns == written


@pytest.mark.usefixtures("one_thread")
def test_only_what_is_labelled_is_learnt_from(dataset: Path, tmp_path: Path) -> None:
    said: list[str] = []
    path = training(dataset, tmp_path)
    train(load_training(path), lambda *_: None, lambda: False, say=said.append, cpu=True)
    assert "1 of 2 demonstrations have tracked poses" in said


def test_a_data_set_without_labels_is_told_how_to_get_them(dataset: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(dataset, bare, ignore=shutil.ignore_patterns("tracked"))
    with pytest.raises(DreamitateError, match=f"`dreamitate label {bare}` tracks the tools"):
        train(load_training(training(bare, tmp_path)), lambda *_: None, lambda: False, say=print, cpu=True)


def test_a_data_set_that_does_not_say_its_task_is_told(dataset: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    shutil.copytree(dataset, bare, ignore=shutil.ignore_patterns("dataset.yaml"))
    assert main(["label", str(bare)]) == 2


def training(dataset: Path, folder: Path) -> Path:
    path = folder / "training.yaml"
    settings = {
        "trains": "baseline", "demonstrations": str(dataset / "demonstrations.txt"), "output": str(folder / "out"),
        "width": 64, "height": 40, "resnet": 16, "channels": 32, "steps": 1, "batch": 2, "checkpoint_every": 1,
    }  # fmt: skip
    path.write_text(json.dumps(settings))
    return path

"""`dreamitate demonstrate`: a data set that training reads, whole whenever it is cut off."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from dreamitate_ros.cli import parser
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.generate.diffusion.train.demonstrations import list_demonstrations, read_clip
from dreamitate_ros.geometry import apply, project
from dreamitate_ros.rig import load_rig
from dreamitate_ros.simulate.variation import standing_rig
from dreamitate_ros.task import load_task
from dreamitate_ros.tool import load_tool
from dreamitate_ros.track.tracks_file import read_tracks

SIZE = (192, 112)
SEED = 1
COMMAND = [sys.executable, "-m", "dreamitate_ros.cli", "demonstrate", "--size", f"{SIZE[0]}x{SIZE[1]}"]


def demonstrate(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [*COMMAND, "--output", str(folder), "--workers", "1", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=200)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set whose making was killed after the first demonstration, and gone on with."""
    folder = tmp_path_factory.mktemp("set")
    options = ["--output", str(folder), "--workers", "1", "--seed", str(SEED), "--episodes", "2"]
    killed = subprocess.Popen([*COMMAND, *options])
    deadline_s = time.monotonic() + 120
    while not list(folder.glob("records/*.json")):
        assert killed.poll() is None
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    (first,) = folder.glob("top/*.mp4")
    written = first.stat().st_mtime_ns
    ended = demonstrate(folder, "--seed", str(SEED), "--episodes", "2")
    assert ended.returncode == 0, ended.stderr
    assert "2 demonstrations" in ended.stdout
    assert "frames per second" in ended.stdout
    assert first.stat().st_mtime_ns == written  # what was kept was not made again
    return folder


def test_training_reads_it(folder: Path) -> None:
    found = list_demonstrations(folder / "demonstrations.txt")
    assert [each.top.name for each in found] == ["000001.mp4", "000002.mp4"]
    assert found[0].caption == "rotate the object counter-clockwise with two tools"
    for each in found:
        clip = read_clip(each, *SIZE, 13, 6.0)
        assert clip.shape == (26, SIZE[1], SIZE[0], 3)
        assert clip[:13].std(axis=0).max() > 20  # something moves


def test_the_true_poses_lie_where_the_video_shows_the_tools(folder: Path) -> None:
    config = config_directory()
    rig = standing_rig(load_rig(config / "rigs" / "cell.yaml"), SEED).resized(*SIZE)
    clip = read_clip(list_demonstrations(folder / "demonstrations.txt")[0], *SIZE, 13, 6.0)
    for track in read_tracks(folder / "tracks" / "000001.json", 6.0):
        tool = load_tool(track.tool, config / "tools" / f"block_{track.tool}")
        plate = np.asarray(tool.mesh.vertices)
        plate = plate[plate[:, 2] > -1e-6]
        for camera, frames, from_top in (
            (rig.top, clip[:13], np.eye(4)),
            (rig.side, clip[12:25], rig.side_from_top),
        ):
            corners_px = project(camera, apply(from_top @ track.top_from_tool[9], plate))
            shown = frames[9].astype(float).mean(axis=2)
            inside = _inside(corners_px, shown.shape)
            assert inside.sum() > 20
            # black and white triangles, on a table without any
            assert shown[inside].max() > 150
            assert shown[inside].std() > 35
            assert shown[~inside].std() < shown[inside].std()


def _inside(corners_px: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    import cv2

    mask = np.zeros(shape, np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(corners_px.round().astype(np.int32)), 1)
    return mask.astype(bool)


def test_every_demonstration_ends_in_success(folder: Path) -> None:
    for path in folder.glob("records/*.json"):
        record = json.loads(path.read_text())
        assert record["demonstrated"]
        assert record["figures"]["rotated_in_contact_deg"] >= 25


def test_nothing_half_written_is_left(folder: Path) -> None:
    kept = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    names = {f"{kind}/00000{seed}.{suffix}" for seed in (1, 2) for kind, suffix in
             (("top", "mp4"), ("side", "mp4"), ("tracks", "json"), ("records", "json"))}  # fmt: skip
    assert {name for name in kept if "/." not in name} == names | {"demonstrations.txt", "dataset.yaml"}


def test_another_size_needs_another_folder(folder: Path) -> None:
    from dreamitate_ros.demonstrate.dataset import Dataset

    with pytest.raises(DreamitateError, match="another data set"):
        Dataset.open(folder, load_task("rotate", config_directory()), (64, 64))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--seed", "900000"], "900000 is for evaluation"),
        (["--seed", "99999", "--episodes", "2"], "100000 is for nothing"),
        (["--task", "juggle"], "there is no task 'juggle'"),
    ],
)
def test_a_mistake_is_told_first(tmp_path: Path, options: list[str], words: str) -> None:
    arguments = parser().parse_args(["demonstrate", "--output", str(tmp_path / "set"), *options])
    with pytest.raises(DreamitateError, match=words):
        arguments.run(arguments)
    assert not (tmp_path / "set").exists()


def test_an_interrupt_keeps_what_is_made(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "--output", str(tmp_path), "--workers", "1", "--episodes", "50"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline_s = time.monotonic() + 120
    while not list(tmp_path.glob("records/*.json")):
        assert process.poll() is None
        assert time.monotonic() < deadline_s
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in output
    assert len(list_demonstrations(tmp_path / "demonstrations.txt")) >= 1

"""What the command says to a user's mistakes: one line, exit 2, no traceback, the episode kept."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from dreamitate_ros.generate.video_file import write_frames

CONFIG = Path(__file__).parents[1] / "config"


def dreamitate(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dreamitate_ros.cli", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def experiment(tmp_path: Path) -> Path:
    """A stored experiment whose inputs are all of the right kind."""
    folder = tmp_path / "experiment"
    folder.mkdir()
    for view in ("top", "side"):
        cv2.imwrite(str(folder / f"{view}.png"), np.zeros((720, 1280, 3), np.uint8))
    write_frames(folder / "clip.mp4", np.zeros((25, 448, 768, 3), np.uint8), 6.0)
    return folder


def refusal(folder: Path, tmp_path: Path, *options: str) -> str:
    ran = dreamitate("run", "--replay", str(folder), *options, cwd=tmp_path)
    assert ran.returncode == 2, ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stderr.count("\n") == 1
    (result,) = tmp_path.glob("episodes/*/result.json")
    assert json.loads(result.read_text())["message"] in ran.stderr
    return ran.stderr


def test_a_missing_photo(experiment: Path, tmp_path: Path) -> None:
    (experiment / "side.png").unlink()
    assert "side.png does not exist" in refusal(experiment, tmp_path)


def test_a_clip_of_the_wrong_length(experiment: Path, tmp_path: Path) -> None:
    write_frames(experiment / "clip.mp4", np.zeros((20, 448, 768, 3), np.uint8), 6.0)
    assert "20 frames" in refusal(experiment, tmp_path)


def test_a_clip_of_the_wrong_size(experiment: Path, tmp_path: Path) -> None:
    write_frames(experiment / "clip.mp4", np.zeros((25, 240, 384, 3), np.uint8), 6.0)
    assert "384x240" in refusal(experiment, tmp_path)


def test_a_skewed_rig(experiment: Path, tmp_path: Path) -> None:
    skewed = (CONFIG / "rigs" / "cell.yaml").read_text().replace("0.7071067458846899", "0.9", 1)
    (tmp_path / "rig.yaml").write_text(skewed)
    assert "not orthonormal" in refusal(experiment, tmp_path, "--rig", str(tmp_path / "rig.yaml"))


def test_a_tool_in_millimetres(experiment: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tool"
    folder.mkdir()
    (folder / "tool.obj").write_text("v 0 0 0\nv 130 0 0\nv 0 90 0\nf 1 2 3\n")
    assert "millimetres" in refusal(experiment, tmp_path, "--tool", f"left={folder}")


def test_an_unknown_task_lists_the_known(tmp_path: Path) -> None:
    ran = dreamitate("demo", "--task", "juggle", cwd=tmp_path)
    assert ran.returncode == 2
    assert ran.stderr.startswith("error: there is no task 'juggle'; known tasks: ")
    assert " rotate," in ran.stderr and " sweep" in ran.stderr
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["demo", "--seed", "-1"], ["run"], ["dance"]])
def test_usage_errors_are_argparse_errors(arguments: list[str], tmp_path: Path) -> None:
    ran = dreamitate(*arguments, cwd=tmp_path)
    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr

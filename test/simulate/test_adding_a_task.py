"""docs/tasks.md, followed to the letter: its example is a task that can be demonstrated and photographed."""

import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from dreamitate_ros.demonstrate.episode import demonstration_of
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.geometry import is_rigid
from dreamitate_ros.simulate import tasks
from dreamitate_ros.simulate.cell import Cell
from dreamitate_ros.simulate.tasks import simulated_task
from dreamitate_ros.task import load_task
from dreamitate_ros.tool import load_tool

from .conftest import CONFIG

DOCUMENT = (CONFIG.parent / "docs" / "tasks.md").read_text()


def block(after: str, language: str) -> str:
    found = re.search(rf"{re.escape(after)}.*?```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "nudge.yaml").write_text(block("`config/tasks/nudge.yaml`", "yaml"))
    (tmp_path / "nudge.py").write_text(block("`dreamitate_ros/simulate/tasks/nudge.py`", "python"))
    monkeypatch.setattr(tasks, "__path__", [*tasks.__path__, str(tmp_path)])
    return load_task("nudge", tmp_path)


def test_the_example_can_be_demonstrated(task, rig):
    tools = {"left": load_tool("left", CONFIG / "tools" / task.arm_tools["left"])}
    done, video, (track,) = demonstration_of(task, rig.resized(192, 112), tools, 3)
    assert done.outcome.success
    assert 80 <= done.outcome.figures["pushed_mm"] < 120
    assert video.top.shape == video.side.shape == (13, 112, 192, 3)
    assert np.abs(video.top[8].astype(int) - video.top[0]).max() > 60  # a hand came in
    assert track.tool == "left"


def test_training_and_evaluation_show_other_boxes(task, rig):
    shown = []
    for seed in (3, 900_003):
        cell = Cell(simulated_task(task.name), seed, rig, {})
        shown.append(cell.render("top").astype(float).reshape(-1, 3))
        cell.close()
    redness = [
        (picture[:, 0] - picture[:, 2]).max() - (picture[:, 2] - picture[:, 0]).max() for picture in shown
    ]
    assert redness[0] > 0 > redness[1]


def test_the_documented_tool_file_is_complete():
    content = yaml.safe_load(block("which turns nobody can see:", "yaml"))
    assert is_rigid(np.array(content["flange_from_tool"], float))
    assert set(content["symmetry"]) == {"axis", "origin", "order"}


@pytest.mark.parametrize("name", ["juggle", "rotate_push", "os.path", "../rotate"])
def test_what_is_no_task_is_refused_by_name(name):
    with pytest.raises(DreamitateError, match=f"the task '{re.escape(name)}' cannot be simulated"):
        simulated_task(name)

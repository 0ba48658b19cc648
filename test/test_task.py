"""Tasks: known ones load, faults are named."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.rig import load_rig
from dreamitate_ros.simulate.tasks import simulated_task
from dreamitate_ros.task import Choice, cell_rig_path, load_task, require_range, with_samples

CONFIG = Path(__file__).parents[1] / "config"


def test_every_shipped_task_loads() -> None:
    for path in sorted((CONFIG / "tasks").glob("*.yaml")):
        task = load_task(path.stem, CONFIG)
        for tool in task.arm_tools.values():
            assert (CONFIG / "tools" / tool).is_dir(), tool


@pytest.mark.parametrize("name", ["rotate", "scoop", "sweep", "push_shape"])
def test_a_bold_task_is_the_task_but_for_its_tools_and_what_an_imagined_video_needs(name: str) -> None:
    task, bold = load_task(name, CONFIG), load_task(f"{name}_bold", CONFIG)
    for_dreams = {
        "samples": 1,
        "choice": Choice.CLEAR,
        "contact_within_m": 0.0,
        "contact_within_deg": 0.0,
        "model": "",
        "rig": "cell",
    }
    assert replace(bold, name=task.name, arm_tools=task.arm_tools, **for_dreams) == task
    assert simulated_task(f"{name}_bold") is simulated_task(name)


def test_the_arms_stand_where_they_do_whatever_the_cameras_of_a_task() -> None:
    cell = load_rig(CONFIG / "rigs" / "cell.yaml")
    for path in sorted((CONFIG / "tasks").glob("*.yaml")):
        rig = load_rig(cell_rig_path(load_task(path.stem, CONFIG), CONFIG))
        for arm in ("left", "right"):
            np.testing.assert_allclose(rig.world_from_base(arm), cell.world_from_base(arm), atol=1e-12)


def test_an_unknown_task_lists_the_known_ones() -> None:
    with pytest.raises(DreamitateError, match=r"known tasks: .*rotate") as caught:
        load_task("juggle", CONFIG)
    assert caught.value.code == ErrorCode.UNKNOWN_TASK


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "bad.yaml").write_text("prompt: x\n")
    with pytest.raises(DreamitateError, match="arm_tools") as caught:
        load_task("bad", tmp_path)
    assert caught.value.code == ErrorCode.INVALID_PARAMETER


@pytest.mark.parametrize("samples", [0, -1, 1.5, 33, "many", None])
def test_dreams_are_counted_in_whole_numbers(samples: Any) -> None:
    task = load_task("rotate", CONFIG)
    assert with_samples(task, 4).samples == 4
    with pytest.raises(DreamitateError, match="samples must be a whole number from 1 to 32"):
        with_samples(task, samples)


@pytest.mark.parametrize("value", [math.nan, math.inf, -0.1, 1.1, "0.5", None])
def test_numbers_out_of_range_are_refused(value: object) -> None:
    with pytest.raises(DreamitateError, match="speed_scale"):
        require_range("speed_scale", value, 0.0, 1.0)

"""The annotated tool paths of the published experiments can be planned; skipped where they are not at hand."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from dreamitate_ros.execute.plan import plan
from dreamitate_ros.execute.ur5e import HOME_RAD
from dreamitate_ros.rig import load_rig
from dreamitate_ros.task import load_task
from dreamitate_ros.tool import load_tools
from dreamitate_ros.values import ToolTrack

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("DREAMITATE_REAL_DATA", ROOT.parent / "shared" / "real"))
REFERENCE = DATA / "reference.json"
FIRST_TIME, TIMES = 4, 13


@pytest.mark.skipif(not REFERENCE.is_file(), reason="the published experiments are not at hand")
def test_the_annotated_paths_can_be_planned():
    config = ROOT / "config"
    rig, task = load_rig(config / "rigs" / "cell.yaml"), load_task("rotate", config)
    tools = load_tools(task.arm_tools, config)
    for experiment, poses in json.loads(REFERENCE.read_text()).items():
        tracks = [_track(tool, rows) for tool, rows in poses.items()]
        motion = plan(tracks, task, rig, tools, HOME_RAD, lambda *_: None, lambda: False)
        for arm in task.arm_tools:
            first, last = motion[arm].contact_s
            assert last - first > 1.0, (experiment, arm)


def _track(tool, rows):
    top_from_tool, confidence = np.full((TIMES, 4, 4), np.nan), np.zeros(TIMES)
    for row in rows:
        if row["t"] >= FIRST_TIME:
            top_from_tool[row["t"]], confidence[row["t"]] = row["T"], 1.0
    return ToolTrack(
        tool,
        np.arange(TIMES) / 6,
        top_from_tool,
        confidence,
        confidence > 0,
        np.zeros((TIMES, 2)),
        np.zeros((TIMES, 6)),
    )

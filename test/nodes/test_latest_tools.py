import os
import shutil
from pathlib import Path

import pytest

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.nodes.latest_tools import LatestTools
from dreamitate_ros.task import load_task


@pytest.mark.parametrize(
    ("whose", "name"), [("own", "tool.obj"), ("own", "tool.png"), ("named", "tool.yaml")]
)
def test_tools_are_kept_until_a_file_of_theirs_changes(tmp_path: Path, whose: str, name: str) -> None:
    config = tmp_path / "config"
    shutil.copytree(config_directory(), config)
    named = config / "tools" / load_task("push_shape_bold", config).arm_tools["left"]
    own = shutil.copytree(named, tmp_path / "own")
    tools, task = LatestTools(config, {"left": own}), load_task("push_shape_bold", config)
    first = tools.of(task)
    assert tools.of(task)[0] is first[0]
    os.utime({"own": own, "named": named}[whose] / name, (0, 0))
    assert tools.of(task)[0] is not first[0]


def test_another_task_has_its_own() -> None:
    config = config_directory()
    tools = LatestTools(config, {})
    assert len(tools.of(load_task("push_shape_bold", config))) == 1
    assert len(tools.of(load_task("rotate_bold", config))) == 2

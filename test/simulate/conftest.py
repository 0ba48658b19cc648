from pathlib import Path

import pytest

from dreamitate_ros.rig import Rig, load_rig
from dreamitate_ros.tool import Tool, load_tool

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="session")
def rig() -> Rig:
    return load_rig(CONFIG / "rigs" / "cell.yaml")


@pytest.fixture(scope="session")
def tools() -> dict[str, Tool]:
    return {arm: load_tool(arm, CONFIG / "tools" / f"block_{arm}") for arm in ("left", "right")}

"""A hand-made pair of tool tracks over the cell's table, near and of the shape of what people do."""

from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from dreamitate_ros.geometry import inverse, transform
from dreamitate_ros.rig import Rig, load_rig
from dreamitate_ros.task import Task, load_task
from dreamitate_ros.tool import Tool, load_tools
from dreamitate_ros.values import Array, ToolTrack

CONFIG = Path(__file__).parents[2] / "config"
TIMES = 13


def cell() -> tuple[Rig, Task, dict[str, Tool]]:
    task = load_task("rotate", CONFIG)
    tools = load_tools(task.arm_tools, CONFIG)
    return load_rig(CONFIG / "rigs" / "cell.yaml"), task, tools


def world_from_tool(arm: str, place_m: Array, tip_deg: float = 12.0) -> Array:
    """Tools flat over the table, pointing at each other, tipped down at the front."""
    turn = Rotation.from_euler("ZY", [0.0 if arm == "left" else 180.0, tip_deg], degrees=True)
    return transform(turn.as_matrix(), place_m)


def tracks(rig: Rig, height_m: float = 0.07, shift_m: tuple[float, float] = (0.0, 0.0)) -> list[ToolTrack]:
    """Both tools push past each other for ten frames; the left one is seen one frame earlier."""
    result = []
    for arm, first, x, direction in (("left", 2, -0.13, -1.0), ("right", 3, 0.13, 1.0)):
        poses, confidence = np.full((TIMES, 4, 4), np.nan), np.zeros(TIMES)
        for time in range(first, TIMES):
            y = -0.05 + direction * (0.01 * (time - 7) - 0.01)
            place = np.array([x + shift_m[0], y + shift_m[1], height_m])
            poses[time] = inverse(rig.world_from_top) @ world_from_tool(arm, place)
            confidence[time] = 0.9
        result.append(
            ToolTrack(
                arm,
                np.arange(TIMES) / 6,
                poses,
                confidence,
                confidence > 0,
                np.ones((TIMES, 2)),
                np.zeros((TIMES, 6)),
            )
        )
    return result

"""Draws the four tasks: `python -m dreamitate_ros.simulate.task_picture [FILE]` (default docs/tasks.jpg).

A row for each task: the scripted expert in the top view, at four times.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.rig import load_rig
from dreamitate_ros.simulate.cell import Cell
from dreamitate_ros.simulate.film import film
from dreamitate_ros.simulate.handheld import HandheldWorld
from dreamitate_ros.simulate.tasks import simulated_task
from dreamitate_ros.task import cell_rig_path, load_task
from dreamitate_ros.tool import load_tools
from dreamitate_ros.values import Image

SEEDS = {"rotate": 3, "scoop": 3, "sweep": 12, "push_shape": 4}
SHARES = (0.25, 0.5, 0.75, 0.95)  # of the video
SMALLER = 2


def task_row(name: str, seed: int) -> Image:
    """(H, W, 3) uint8 RGB: the expert of a task in the scene of `seed`."""
    config = config_directory()
    task, simulated = load_task(name, config), simulated_task(name)
    rig = load_rig(cell_rig_path(task, config))
    tools = load_tools(task.arm_tools, config)
    cell = Cell(simulated, seed, rig, tools)
    world = HandheldWorld(simulated, cell.scene, rig, tools)
    cell.close()
    done = simulated.demonstrate(world, task.frames, task.fps, _unheard, _go_on)
    shown = film(world, done.states, 1, _unheard, _go_on)["top"]
    chosen = [shown[round(share * (len(shown) - 1))] for share in SHARES]
    size = (rig.top.width // SMALLER, rig.top.height // SMALLER)
    return np.concatenate([cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in chosen], axis=1)


def main(arguments: list[str]) -> None:
    """Write the picture."""
    path = Path(arguments[0]) if arguments else Path("docs/tasks.jpg")
    rows = np.concatenate([task_row(name, seed) for name, seed in SEEDS.items()])
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), rows[..., ::-1]):
        raise OSError(f"cannot write {path}")
    print(path)


def _unheard(share: float, what: str) -> None:
    """Progress that nobody reads."""


def _go_on() -> bool:
    return False


if __name__ == "__main__":
    main(sys.argv[1:])

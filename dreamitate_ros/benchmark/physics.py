"""How fast each task's physics runs on one core, things and standing arms, without pictures."""

import time
from collections.abc import Iterator, Sequence

import numpy as np

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.rig import load_rig
from dreamitate_ros.simulate.cell import Cell
from dreamitate_ros.simulate.tasks import simulated_task
from dreamitate_ros.task import cell_rig_path, load_task
from dreamitate_ros.tool import load_tools


def benchmark_physics(tasks: Sequence[str], scenes: int, simulated_s: float, seed: int) -> Iterator[str]:
    """Of each task its step, and the median and the least simulated time in one of the processor's, over `scenes`
    scenes of `simulated_s` seconds each. Raises UNKNOWN_TASK."""
    yield f"{scenes} scenes of each task from seed {seed}, {simulated_s:g} s simulated of each, on one core"
    for task in tasks:
        factors = [real_time_factor(task, seed + scene, simulated_s) for scene in range(scenes)]
        yield (
            f"{task}: {np.median(factors):.2f} x real time, {min(factors):.2f} in its slowest scene;"
            f" step {1e3 * simulated_task(task).physics.timestep_s:g} ms"
        )


def real_time_factor(task: str, seed: int, simulated_s: float) -> float:
    """Simulated time over the processor's, in the scene of `seed`."""
    config = config_directory()
    known = load_task(task, config)
    tools = load_tools(known.arm_tools, config)
    cell = Cell(simulated_task(task), seed, load_rig(cell_rig_path(known, config)), tools)
    steps = round(simulated_s / cell.timestep_s)
    started_s = time.process_time()
    cell.step(steps)
    took_s = time.process_time() - started_s
    cell.close()
    return steps * cell.timestep_s / took_s

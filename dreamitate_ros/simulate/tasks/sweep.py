"""`sweep`: grains on the table, to be swept onto a marked place with a brush, among distractors (paper)."""

from collections.abc import Mapping, Sequence

import mujoco
import numpy as np

from dreamitate_ros.simulate.bold_tools import shape_block
from dreamitate_ros.simulate.handheld import Demonstration, HandheldWorld
from dreamitate_ros.simulate.person import Hand
from dreamitate_ros.simulate.simulated_task import Physics
from dreamitate_ros.simulate.tasks.brush_shape import shape_brush
from dreamitate_ros.simulate.tasks.handle_grip import handle_grip
from dreamitate_ros.simulate.tasks.sweep_expert import demonstrate
from dreamitate_ros.simulate.tasks.sweep_scene import add_sweep, random_sweep
from dreamitate_ros.simulate.tasks.sweep_truth import SweepTruth
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Progress, Stop


class SweepTask:
    """See SimulatedTask."""

    physics = Physics(settle_s=0.8)
    rounds = 1

    def add_things(self, spec: mujoco.MjSpec, seed: int) -> None:
        """Grains, mark and distractors of the seed."""
        add_sweep(spec, random_sweep(seed), seed)

    def shape_tools(self, spec: mujoco.MjSpec, tools: Mapping[str, Tool]) -> None:
        """A box each for bristles, head and handle; for grains the bristles reach down to the table."""
        for arm, tool in tools.items():
            shape_brush(spec, arm)
            shape_block(spec, arm, tool)

    def hand(self, arm: str, tool: Tool) -> Hand:
        """Around the end of the handle, from above."""
        return handle_grip(
            hold_m=np.array([-0.148, 0.0, 0.0]),
            along=np.array([1.0, 0.0, 0.0]),
            back=np.array([0.0, -1.0, 0.0]),
            shoulder_m=(0.25, -0.95, 0.42),
        )

    def measure(
        self, model: mujoco.MjModel, data: mujoco.MjData, arms: Sequence[str], seed: int
    ) -> SweepTruth:
        """The share of the grains on the mark."""
        return SweepTruth(model, random_sweep(seed))

    def demonstrate(
        self, world: HandheldWorld, frames: int, fps: float, progress: Progress, stop: Stop
    ) -> Demonstration:
        """The expert's best sweep; raises GENERATION_FAILED when most grains stay behind."""
        return demonstrate(world, random_sweep(world.seed), frames, fps, progress, stop)


TASK = SweepTask()

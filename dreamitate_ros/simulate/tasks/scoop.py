"""`scoop`: a spoonful of grains from one bowl into another, among distractors (paper, Scooping)."""

from collections.abc import Mapping, Sequence

import mujoco
import numpy as np

from dreamitate_ros.simulate.bold_tools import shape_block
from dreamitate_ros.simulate.handheld import Demonstration, HandheldWorld
from dreamitate_ros.simulate.person import Hand
from dreamitate_ros.simulate.simulated_task import Physics
from dreamitate_ros.simulate.tasks.handle_grip import handle_grip
from dreamitate_ros.simulate.tasks.scoop_expert import demonstrate
from dreamitate_ros.simulate.tasks.scoop_scene import add_scoop, random_scoop
from dreamitate_ros.simulate.tasks.scoop_truth import ScoopTruth
from dreamitate_ros.simulate.tasks.spoon_shape import shape_spoon
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Progress, Stop


class ScoopTask:
    """See SimulatedTask."""

    physics = Physics(settle_s=0.8)
    rounds = 1

    def add_things(self, spec: mujoco.MjSpec, seed: int) -> None:
        """Grains, bowls and distractors of the seed."""
        add_scoop(spec, random_scoop(seed), seed)

    def shape_tools(self, spec: mujoco.MjSpec, tools: Mapping[str, Tool]) -> None:
        """A hollow spoon."""
        for arm, tool in tools.items():
            shape_spoon(spec, arm)
            shape_block(spec, arm, tool)

    def hand(self, arm: str, tool: Tool) -> Hand:
        """Around the handle's end, from above and from the person's side."""
        return handle_grip(
            hold_m=np.array([-0.185, 0.0, -0.004]),
            along=np.array([1.0, 0.0, 0.0]),
            back=np.array([0.0, -0.8, 0.6]),
            shoulder_m=(-0.95, -0.35, 0.50),
        )

    def measure(
        self, model: mujoco.MjModel, data: mujoco.MjData, arms: Sequence[str], seed: int
    ) -> ScoopTruth:
        """The grains moved and spilled."""
        return ScoopTruth(model, random_scoop(seed))

    def demonstrate(
        self, world: HandheldWorld, frames: int, fps: float, progress: Progress, stop: Stop
    ) -> Demonstration:
        """The expert's best spoonful; raises GENERATION_FAILED when too little is moved or too much spilled."""
        return demonstrate(world, random_scoop(world.seed), frames, fps, progress, stop)


TASK = ScoopTask()

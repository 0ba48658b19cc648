"""The seam of a simulated task: its things, its hand, its scripted expert and its measure of success.

A task NAME is a file config/tasks/NAME.yaml and a module simulate/tasks/NAME.py with an instance `TASK` of a class
with these members; nothing else names it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import mujoco

from dreamitate_ros.simulate.handheld import Demonstration, HandheldWorld
from dreamitate_ros.simulate.measure import Measure
from dreamitate_ros.simulate.person import Hand
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Progress, Stop


@dataclass(frozen=True)
class Physics:
    """timestep_s: divides the controllers' 5 ms. settle_s: how long the things need to come to rest."""

    timestep_s: float = 0.0025
    settle_s: float = 0.2


class SimulatedTask(Protocol):
    """What a task must offer to be simulated. Bodies named ARM_tool are the tools, in hands or on arms."""

    @property
    def physics(self) -> Physics:
        """How its scenes are simulated."""
        ...

    @property
    def rounds(self) -> int:
        """How often a trial imagines, tracks and acts, at most; the best round counts."""
        ...

    def add_things(self, spec: mujoco.MjSpec, seed: int) -> None:
        """Put on the empty table what the seed says; whatever is added later may touch it.

        Its joints are the first of the model. Draws from seeds.split_of(seed)'s families only.
        """
        ...

    def shape_tools(self, spec: mujoco.MjSpec, tools: Mapping[str, Tool]) -> None:
        """Replace the geoms ARM_tool_hull that the bodies ARM_tool collide with, where a hull will not do."""
        ...

    def hand(self, arm: str, tool: Tool) -> Hand:
        """The hand that holds the tool in the person's demonstration."""
        ...

    def measure(self, model: mujoco.MjModel, data: mujoco.MjData, arms: Sequence[str], seed: int) -> Measure:
        """Counts from now on what is done to the scene of `seed`, from ground truth."""
        ...

    def demonstrate(
        self, world: HandheldWorld, frames: int, fps: float, progress: Progress, stop: Stop
    ) -> Demonstration:
        """The scripted expert's best try in `frames` times at `fps`; it ends in success.

        Raises Cancelled, or GENERATION_FAILED when it finds no way.
        """
        ...

"""`push_shape`: a flat shape, to be pushed onto its silhouette in several rounds (paper, Push-Shape)."""

from collections.abc import Mapping, Sequence

import mujoco
import numpy as np

from dreamitate_ros.execute import collision_groups as groups
from dreamitate_ros.simulate.bold_tools import shape_block
from dreamitate_ros.simulate.handheld import Demonstration, HandheldWorld
from dreamitate_ros.simulate.person import Hand
from dreamitate_ros.simulate.plain_tools import FOOT_M, ROD_M
from dreamitate_ros.simulate.simulated_task import Physics
from dreamitate_ros.simulate.tasks.handle_grip import handle_grip
from dreamitate_ros.simulate.tasks.push_shape_expert import demonstrate
from dreamitate_ros.simulate.tasks.push_shape_scene import add_push_scene, random_push_scene
from dreamitate_ros.simulate.tasks.push_shape_truth import PushTruth
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Progress, Stop


class PushShape:
    """See SimulatedTask."""

    physics = Physics()
    rounds = 6

    def add_things(self, spec: mujoco.MjSpec, seed: int) -> None:
        """The shape and its silhouette."""
        add_push_scene(spec, random_push_scene(seed))

    def shape_tools(self, spec: mujoco.MjSpec, tools: Mapping[str, Tool]) -> None:
        """Two cylinders, which roll on the shape's edge without corners."""
        for arm, tool in tools.items():
            shape_block(spec, arm, tool)
            spec.delete(spec.geom(f"{arm}_tool_hull"))
            bottom = 0.0
            for radius, height in (FOOT_M, ROD_M):
                spec.body(f"{arm}_tool").add_geom(
                    type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=[radius, height / 2, 0],
                    pos=[0, 0, bottom + height / 2], friction=[0.4, 0.005, 0.0001], mass=0,
                    group=groups.COLLISION, contype=groups.ARM_TYPE, conaffinity=groups.ARM_AFFINITY,
                )  # fmt: skip
                bottom += height

    def hand(self, arm: str, tool: Tool) -> Hand:
        """Around the rod's upper end, so that most of it stays in sight, from the person's left."""
        return handle_grip(
            hold_m=np.array([0.0, 0.0, 0.172]),
            along=np.array([0.0, 0.0, -1.0]),
            back=np.array([-0.8, -0.6, 0.0]),
            shoulder_m=(-0.90, -0.70, 0.40),
        )

    def measure(
        self, model: mujoco.MjModel, data: mujoco.MjData, arms: Sequence[str], seed: int
    ) -> PushTruth:
        """How well the shape covers its silhouette."""
        return PushTruth(model, random_push_scene(seed))

    def demonstrate(
        self, world: HandheldWorld, frames: int, fps: float, progress: Progress, stop: Stop
    ) -> Demonstration:
        """The expert's best push in one round; raises GENERATION_FAILED when none helps."""
        return demonstrate(world, random_push_scene(world.seed), frames, fps, progress, stop)


TASK = PushShape()

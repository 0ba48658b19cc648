"""`rotate`: an object on the table, to be turned counter-clockwise between two block tools (paper, section 4.1)."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import mujoco

from dreamitate_ros.simulate.handheld import Demonstration, HandheldWorld
from dreamitate_ros.simulate.objects import add_object, random_object
from dreamitate_ros.simulate.person import Capsule, Hand
from dreamitate_ros.simulate.simulated_task import Physics
from dreamitate_ros.simulate.tasks.rotate_expert import demonstrate
from dreamitate_ros.simulate.tasks.rotate_truth import RotationTruth
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Progress, Stop

SHOULDER_X_M = {"left": -0.20, "right": 0.24}


class Rotate:
    """See SimulatedTask."""

    physics = Physics()
    rounds = 1

    def add_things(self, spec: mujoco.MjSpec, seed: int) -> None:
        """The object of the seed."""
        add_object(spec, *random_object(seed))

    def shape_tools(self, spec: mujoco.MjSpec, tools: Mapping[str, Tool]) -> None:
        """The blocks are convex: their hulls will do."""

    def hand(self, arm: str, tool: Tool) -> Hand:
        """Holds the block from the person's side: the left tool points right, the right one left."""
        return _block_hand(-1 if arm == "left" else 1, SHOULDER_X_M[arm])

    def measure(
        self, model: mujoco.MjModel, data: mujoco.MjData, arms: Sequence[str], seed: int
    ) -> RotationTruth:
        """How far the object turns, and how much of that in contact."""
        return RotationTruth(model, data, arms)

    def demonstrate(
        self, world: HandheldWorld, frames: int, fps: float, progress: Progress, stop: Stop
    ) -> Demonstration:
        """The expert's best push; raises GENERATION_FAILED below 25 degrees."""
        return demonstrate(world, frames, fps, progress, stop)


TASK = Rotate()


def _block_hand(side: int, shoulder_x_m: float) -> Hand:
    """The thumb on the plate, the fingers below it; side: which way of the tool's y axis the person is."""
    palm_y = 0.060
    thumb = [(-0.014, 0.064, 0.004), (-0.010, 0.040, 0.013), (0.004, 0.014, 0.010)]
    pieces = [((-0.025, palm_y, -0.012), (0.005, palm_y, -0.012), 0.0235)]
    pieces += [(start, end, 0.0105) for start, end in pairwise(thumb)]
    pieces += [((x * 0.7, 0.066, -0.016), (x, 0.047, -0.030), 0.0095) for x in (-0.034, -0.013, 0.008, 0.028)]
    wrist = (-0.012, 0.082, 0.004)
    pieces.append(((-0.010, palm_y, -0.012), wrist, 0.021))
    return Hand(
        tuple(
            Capsule((start[0], side * start[1], start[2]), (end[0], side * end[1], end[2]), radius)
            for start, end, radius in pieces
        ),
        wrist_m=(wrist[0], side * wrist[1], wrist[2]),
        shoulder_m=(shoulder_x_m, -0.95, 0.42),
    )

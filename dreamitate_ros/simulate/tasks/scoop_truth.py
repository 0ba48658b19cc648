"""How many grains have come into the other bowl, and how many were spilled."""

import mujoco

from dreamitate_ros.simulate.measure import Outcome
from dreamitate_ros.simulate.tasks.grains import Grains
from dreamitate_ros.simulate.tasks.scoop_scene import ScoopScene

GOAL_GRAINS = 5
"""Our threshold for the paper's task, particles taken from one bowl into the other: a spoonful that can be seen there,
and fewer grains spilled than moved."""


class ScoopTruth:
    """Counts the grains in either bowl; those in neither, nor in the spoon's reach above the table, are spilled."""

    def __init__(self, model: mujoco.MjModel, scene: ScoopScene) -> None:
        self._grains, self._scene = Grains(model), scene

    def update(self, data: mujoco.MjData) -> None:
        """Only the end counts."""

    def read(self, data: mujoco.MjData) -> Outcome:
        """Success: GOAL_GRAINS in the target, and fewer spilled than moved."""
        scene, positions_m = self._scene, self._grains.positions_m(data)
        moved = int(scene.target.holds(positions_m).sum())
        lying = positions_m[:, 2] < 2 * scene.kind.radius_m
        astray = ~scene.target.holds(positions_m) & ~scene.source.holds(positions_m) & lying
        spilled = int(astray.sum())
        return Outcome(
            success=moved >= GOAL_GRAINS and spilled < moved,
            score=float(moved - spilled),
            summary=f"{moved} of {len(self._grains)} {scene.kind.name} came into the other bowl, {spilled} beside it",
            figures={
                "moved_grains": float(moved),
                "spilled_grains": float(spilled),
                "moved_g": 1e3 * moved * scene.kind.mass_kg,
            },
        )

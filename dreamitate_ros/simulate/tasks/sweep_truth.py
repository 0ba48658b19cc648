"""Which share of the grains lies on the mark."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from dreamitate_ros.simulate.measure import Outcome
from dreamitate_ros.simulate.tasks.grains import Grains
from dreamitate_ros.simulate.tasks.sweep_scene import MARK_RADIUS_M, SweepScene
from dreamitate_ros.values import Array

GOAL_SHARE = 0.5
"""Our threshold for the paper's task, particles swept to the target: a heap of which most lies on the mark has got
there; one that the brush only touched, or scattered, has not."""


class SweepTruth:
    """Counts the grains whose centres are above the mark."""

    def __init__(self, model: mujoco.MjModel, scene: SweepScene) -> None:
        self._grains, self._scene = Grains(model), scene

    def update(self, data: mujoco.MjData) -> None:
        """Only the end counts."""

    def read(self, data: mujoco.MjData) -> Outcome:
        """Success: GOAL_SHARE of the grains on the mark."""
        there = self._grains.count(data, self._on_mark)
        share = there / len(self._grains)
        return Outcome(
            success=share >= GOAL_SHARE,
            score=share,
            summary=f"{there} of {len(self._grains)} {self._scene.kind.name} lie on the mark",
            figures={"swept_share": share, "grains": float(len(self._grains))},
        )

    def _on_mark(self, positions_m: Array) -> NDArray[np.bool_]:
        return np.linalg.norm(positions_m[:, :2] - self._scene.mark_m, axis=1) <= MARK_RADIUS_M

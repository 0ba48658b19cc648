"""What really happened in a scene, from ground truth: in every task's own figures, and a verdict."""

from dataclasses import dataclass
from typing import Protocol

import mujoco


@dataclass(frozen=True)
class Outcome:
    """success: by the task's threshold. score: larger is better, to choose the best round of a trial.

    summary: one line in words. figures: name with its unit -> value, like rotated_deg.
    """

    success: bool
    score: float
    summary: str
    figures: dict[str, float]


class Measure(Protocol):
    """Watches one scene from its start."""

    def update(self, data: mujoco.MjData) -> None:
        """Count what happened up to now; called after every step or few."""
        ...

    def read(self, data: mujoco.MjData) -> Outcome:
        """The outcome so far."""
        ...

"""How far the object has turned, and how much of that while every tool touched it: counted at every step."""

from collections.abc import Sequence

import mujoco
import numpy as np
from numpy.typing import NDArray

from dreamitate_ros.simulate.measure import Outcome
from dreamitate_ros.simulate.objects import BODY

GOAL_DEG = 25.0
"""Paper, section 4.1: turned at least this much, contact kept."""

CONTACT_MEMORY_S = 0.3
"""A tool counts as touching until this long after its last contact: contacts flicker as they slide."""


class RotationTruth:
    """Counts the turn of the body "object" and the touches of the bodies ARM_tool, step by step."""

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData, arms: Sequence[str]) -> None:
        self._object = model.body(BODY).id
        self._arm_of_geom = np.full(model.ngeom, -1)
        for index, arm in enumerate(arms):
            self._arm_of_geom[model.geom_bodyid == model.body(f"{arm}_tool").id] = index
        self._of_object = model.geom_bodyid == self._object
        self._last_touch_s = np.full(len(arms), -np.inf)
        self._touching = np.zeros(len(arms), bool)
        self._yaw_rad = self._yaw(data)
        self._rotated_rad = self._in_contact_rad = 0.0

    def update(self, data: mujoco.MjData) -> None:
        """Count one step that mj_step has just made."""
        self._touching = self._touches(data)
        self._last_touch_s[self._touching] = data.time
        yaw = self._yaw(data)
        turned = (yaw - self._yaw_rad + np.pi) % (2 * np.pi) - np.pi
        self._yaw_rad = yaw
        self._rotated_rad += turned
        if (data.time - self._last_touch_s <= CONTACT_MEMORY_S).all():
            self._in_contact_rad += turned

    def read(self, data: mujoco.MjData) -> Outcome:
        """Success: GOAL_DEG counter-clockwise, in all and of that with every tool in contact."""
        rotated_deg, in_contact_deg = np.rad2deg(self._rotated_rad), np.rad2deg(self._in_contact_rad)
        return Outcome(
            success=bool(min(rotated_deg, in_contact_deg) >= GOAL_DEG),
            score=float(min(rotated_deg, in_contact_deg)),
            summary=f"the object turned by {rotated_deg:.1f} deg,"
            f" {in_contact_deg:.1f} deg of it with every tool in contact",
            figures={"rotated_deg": float(rotated_deg), "rotated_in_contact_deg": float(in_contact_deg)},
        )

    @property
    def touching(self) -> tuple[bool, ...]:
        """Whether each arm's tool touched the object at the last update."""
        return tuple(bool(touch) for touch in self._touching)

    def _touches(self, data: mujoco.MjData) -> NDArray[np.bool_]:
        touching = np.zeros_like(self._touching)
        pairs = data.contact.geom
        arms = self._arm_of_geom[pairs[self._of_object[pairs].any(axis=1)]]
        touching[arms[arms >= 0]] = True
        return touching

    def _yaw(self, data: mujoco.MjData) -> float:
        rotation = data.xmat[self._object]
        return float(np.arctan2(rotation[3], rotation[0]))

"""How far the object has turned, and how much of that while every tool touched it: counted at every step."""

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from dreamitate_ros.geometry import transform
from dreamitate_ros.simulate.objects import BODY
from dreamitate_ros.values import Array

CONTACT_MEMORY_S = 0.3
"""A tool counts as touching until this long after its last contact: contacts flicker as they slide."""


@dataclass(frozen=True)
class Truth:
    """What really happened since the reset.

    world_from_object (4, 4); rotated_rad about world z, counter-clockwise positive;
    rotated_in_contact_rad: the part made while every tool touched; touching: now, one per arm.
    """

    world_from_object: Array
    rotated_rad: float
    rotated_in_contact_rad: float
    touching: tuple[bool, ...]


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

    def read(self, data: mujoco.MjData) -> Truth:
        """The counts so far."""
        return Truth(
            world_from_object=transform(
                data.xmat[self._object].reshape(3, 3).copy(), data.xpos[self._object].copy()
            ),
            rotated_rad=self._rotated_rad,
            rotated_in_contact_rad=self._in_contact_rad,
            touching=tuple(bool(touch) for touch in self._touching),
        )

    def _touches(self, data: mujoco.MjData) -> NDArray[np.bool_]:
        touching = np.zeros_like(self._touching)
        pairs = data.contact.geom
        arms = self._arm_of_geom[pairs[self._of_object[pairs].any(axis=1)]]
        touching[arms[arms >= 0]] = True
        return touching

    def _yaw(self, data: mujoco.MjData) -> float:
        rotation = data.xmat[self._object]
        return float(np.arctan2(rotation[3], rotation[0]))

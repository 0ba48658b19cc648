"""Bowls that stand fast on the table: a floor and slanted flat walls, other numbers of them for evaluation."""

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from dreamitate_ros.execute import collision_groups as groups
from dreamitate_ros.simulate.seeds import Split
from dreamitate_ros.values import Array

SIDES = {Split.TRAINING: (8, 12), Split.EVALUATION: (7, 10, 16)}
FLOOR_M, WALL_M = 0.004, 0.0025  # thickness
FRICTION = (0.4, 0.005, 0.0001)


@dataclass(frozen=True)
class Bowl:
    """place_m: (2,) centre on the table. floor_radius_m, rim_radius_m: of the circles within. height_m: of the rim."""

    place_m: Array
    sides: int
    floor_radius_m: float
    rim_radius_m: float
    height_m: float
    yaw_rad: float
    rgba: tuple[float, float, float, float]

    def holds(self, positions_m: Array) -> NDArray[np.bool_]:
        """(N,) whether each position (N, 3) is in it, a small heap above the rim included."""
        away = np.linalg.norm(positions_m[:, :2] - self.place_m, axis=1)
        return (away <= self.rim_radius_m) & (positions_m[:, 2] < self.height_m + 0.010)


def add_bowl(spec: mujoco.MjSpec, bowl: Bowl) -> None:
    """Geoms of the world."""
    looks = {"rgba": list(bowl.rgba), "friction": list(FRICTION), "group": groups.VISIBLE}
    looks |= {"contype": groups.WORLD_TYPE, "conaffinity": groups.WORLD_TYPE}
    spec.worldbody.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=[bowl.floor_radius_m + WALL_M, FLOOR_M / 2, 0],
        pos=[*bowl.place_m, FLOOR_M / 2], **looks,
    )  # fmt: skip
    for angle in bowl.yaw_rad + 2 * np.pi * np.arange(bowl.sides) / bowl.sides:
        out = np.array([np.cos(angle), np.sin(angle), 0.0])
        up = (bowl.rim_radius_m - bowl.floor_radius_m) * out + [0, 0, bowl.height_m]
        length = float(np.linalg.norm(up))
        along = np.array([-out[1], out[0], 0.0])
        axes = np.column_stack([along, np.cross(up / length, along), up / length])
        width = (bowl.rim_radius_m + 2 * WALL_M) * np.tan(np.pi / bowl.sides)
        middle = np.array([*bowl.place_m, 0.0]) + (bowl.floor_radius_m + WALL_M) * out + up / 2
        quaternion = np.empty(4)
        mujoco.mju_mat2Quat(quaternion, axes.reshape(9))
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX,
            size=[width, WALL_M, length / 2],
            pos=middle,
            quat=quaternion,
            **looks,
        )

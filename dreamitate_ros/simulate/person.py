"""What is seen of the person: a hand on each tool and a forearm behind it. Nothing of it touches anything."""

from dataclasses import dataclass

import mujoco
import numpy as np

from dreamitate_ros.execute import collision_groups as groups
from dreamitate_ros.geometry import transform
from dreamitate_ros.values import Array

FOREARM_M = 0.50
_LOOKS = {"group": groups.VISIBLE, "contype": 0, "conaffinity": 0, "mass": 0}

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Capsule:
    """A piece of a hand, from start to end in the tool's frame, metres."""

    start: Point
    end: Point
    radius_m: float


@dataclass(frozen=True)
class Hand:
    """capsules: all of it, moving with the tool. wrist_m: where the forearm begins, tool frame.

    shoulder_m: towards where the forearm points, world frame: a person stands at -y.
    """

    capsules: tuple[Capsule, ...]
    wrist_m: Point
    shoulder_m: Point = (0.0, -0.95, 0.42)

    def add_to(self, spec: mujoco.MjSpec, tool: mujoco.MjsBody, arm: str, skin: Array) -> None:
        """Draw it on the tool's body, and a mocap body ARM_forearm to be placed with forearm_pose(). skin: RGBA."""
        for capsule in self.capsules:
            _draw(tool, capsule, skin)
        forearm = spec.worldbody.add_body(name=f"{arm}_forearm", mocap=True)
        for start, end, radius in ((0.0, 0.08, 0.023), (0.06, 0.18, 0.029), (0.16, FOREARM_M, 0.035)):
            _draw(forearm, Capsule((0, 0, start), (0, 0, end), radius), skin)

    def forearm_pose(self, world_from_tool: Array) -> Array:
        """(4, 4) of the forearm, from the wrist along z towards the shoulder, for a tool held there."""
        wrist = world_from_tool[:3, :3] @ np.asarray(self.wrist_m) + world_from_tool[:3, 3]
        z = np.asarray(self.shoulder_m) - wrist
        z /= np.linalg.norm(z)
        x = np.cross([0.0, 0.0, 1.0], z)
        x /= np.linalg.norm(x)
        return transform(np.column_stack([x, np.cross(z, x), z]), wrist)


def skin_colour(seed: int) -> Array:
    """(4,) RGBA from light to dark."""
    light, dark = np.array([0.92, 0.72, 0.62]), np.array([0.45, 0.29, 0.21])
    share = np.random.default_rng([seed, 3]).random()
    return np.append(light + share * (dark - light), 1.0)


def _draw(body: mujoco.MjsBody, capsule: Capsule, skin: Array) -> None:
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CAPSULE, fromto=[*capsule.start, *capsule.end],
        size=[capsule.radius_m, 0, 0], rgba=skin, **_LOOKS,
    )  # fmt: skip

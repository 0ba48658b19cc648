"""What is seen of the person: a hand on each tool and a forearm behind it. Nothing of it touches anything."""

from itertools import pairwise

import mujoco
import numpy as np

from dreamitate_ros.execute import collision_groups as groups
from dreamitate_ros.geometry import transform
from dreamitate_ros.values import Array

SHOULDER_M = {"left": np.array([-0.20, -0.95, 0.42]), "right": np.array([0.24, -0.95, 0.42])}
"""Towards where the forearms point, in the world: a person standing at -y."""

FOREARM_M = 0.50
WRIST_IN_TOOL_M = np.array([-0.012, 0.082, 0.004])  # y towards the person, see _towards_person
_LOOKS = {"group": groups.VISIBLE, "contype": 0, "conaffinity": 0, "mass": 0}


def add_hand(spec: mujoco.MjSpec, tool: mujoco.MjsBody, arm: str, skin: Array) -> None:
    """A hand that holds the tool's body from the person's side, the thumb on the plate; skin: RGBA.

    Adds a mocap body ARM_forearm, to be placed with forearm_pose().
    """
    side = _towards_person(arm)
    palm = np.array([-0.010, side * 0.060, -0.012])
    look = {"rgba": skin, **_LOOKS}
    tool.add_geom(type=mujoco.mjtGeom.mjGEOM_ELLIPSOID, pos=palm, size=[0.037, 0.026, 0.023], **look)
    thumb = [(-0.014, 0.064, 0.004), (-0.010, 0.040, 0.013), (0.004, 0.014, 0.010)]
    _chain(tool, [(x, side * y, z) for x, y, z in thumb], 0.0105, look)
    for x in (-0.034, -0.013, 0.008, 0.028):  # the fingers go below the plate
        _chain(tool, [(x * 0.7, side * 0.066, -0.016), (x, side * 0.047, -0.030)], 0.0095, look)
    wrist = WRIST_IN_TOOL_M * [1, side, 1]
    _chain(
        tool,
        [
            (float(palm[0]), float(palm[1]), float(palm[2])),
            (float(wrist[0]), float(wrist[1]), float(wrist[2])),
        ],
        0.021,
        look,
    )
    forearm = spec.worldbody.add_body(name=f"{arm}_forearm", mocap=True)
    for start, end, radius in ((0.0, 0.08, 0.023), (0.06, 0.18, 0.029), (0.16, FOREARM_M, 0.035)):
        forearm.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CAPSULE, fromto=[0, 0, start, 0, 0, end], size=[radius, 0, 0], **look
        )


def forearm_pose(arm: str, world_from_tool: Array) -> Array:
    """(4, 4) of the forearm, from the wrist along z towards the shoulder, for a tool held there."""
    wrist = (
        world_from_tool[:3, :3] @ (WRIST_IN_TOOL_M * [1, _towards_person(arm), 1]) + world_from_tool[:3, 3]
    )
    z = SHOULDER_M[arm] - wrist
    z /= np.linalg.norm(z)
    x = np.cross([0.0, 0.0, 1.0], z)
    x /= np.linalg.norm(x)
    return transform(np.column_stack([x, np.cross(z, x), z]), wrist)


def skin_colour(seed: int) -> Array:
    """(4,) RGBA from light to dark."""
    light, dark = np.array([0.92, 0.72, 0.62]), np.array([0.45, 0.29, 0.21])
    share = np.random.default_rng([seed, 3]).random()
    return np.append(light + share * (dark - light), 1.0)


def _towards_person(arm: str) -> int:
    """Which way of the tool's y axis the person is: the left tool points right, the right one left."""
    return -1 if arm == "left" else 1


def _chain(
    body: mujoco.MjsBody, points: list[tuple[float, ...]], radius: float, look: dict[str, object]
) -> None:
    for start, end in pairwise(points):
        body.add_geom(type=mujoco.mjtGeom.mjGEOM_CAPSULE, fromto=[*start, *end], size=[radius, 0, 0], **look)

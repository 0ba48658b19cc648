"""What the spoon collides with: a ring of slanted boxes and a floor for its bowl, and a box for its handle."""

from itertools import pairwise

import mujoco
import numpy as np

from dreamitate_ros.execute import collision_groups as groups
from dreamitate_ros.simulate.plain_tools import BOWL_OUTSIDE_M, SPOON_HANDLE_M, SPOON_LENGTH_M, WALL_M
from dreamitate_ros.values import Array

SIDES = 10
FLOOR_SHARE = 0.5  # of the bowl's half sizes, that is nearly flat
FRICTION = (0.5, 0.005, 0.0001)


def shape_spoon(spec: mujoco.MjSpec, arm: str) -> None:
    """Replace the geom ARM_tool_hull by boxes on the body ARM_tool: a hull would close the hollow."""
    spec.delete(spec.geom(f"{arm}_tool_hull"))
    body = spec.body(f"{arm}_tool")
    half_x, half_y, depth = BOWL_OUTSIDE_M
    low = WALL_M - depth
    _add_box(
        body, [FLOOR_SHARE * half_x, FLOOR_SHARE * half_y, WALL_M / 2], [0, 0, WALL_M / 2 - depth], np.eye(3)
    )
    angles = 2 * np.pi * np.arange(SIDES + 1) / SIDES
    for first, second in pairwise(angles):
        rim = [np.array([half_x * np.cos(a), half_y * np.sin(a), 0.0]) for a in (first, second)]
        foot = [np.array([FLOOR_SHARE * x, FLOOR_SHARE * y, low]) for x, y, _ in rim]
        _add_wall(body, rim, foot)
    width, height = SPOON_HANDLE_M
    back, front = half_x - SPOON_LENGTH_M, -half_x
    _add_box(
        body, [(front - back) / 2, width / 2, height / 2], [(front + back) / 2, 0, -height / 2], np.eye(3)
    )


def _add_wall(body: mujoco.MjsBody, rim: list[Array], foot: list[Array]) -> None:
    up = (rim[0] + rim[1] - foot[0] - foot[1]) / 2
    along = (rim[1] - rim[0]) / np.linalg.norm(rim[1] - rim[0])
    up_only = up - (up @ along) * along
    length = float(np.linalg.norm(up_only))
    z = up_only / length
    axes = np.column_stack([along, np.cross(z, along), z])
    size = [float(np.linalg.norm(rim[1] - rim[0])) / 2, WALL_M / 2, length / 2]
    _add_box(body, size, sum(rim + foot) / 4, axes)


def _add_box(body: mujoco.MjsBody, half_m: list[float], middle: object, axes: Array) -> None:
    quaternion = np.empty(4)
    mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(axes).reshape(9))
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX, size=half_m, pos=middle, quat=quaternion, friction=list(FRICTION),
        mass=0, group=groups.COLLISION, contype=groups.ARM_TYPE, conaffinity=groups.ARM_AFFINITY,
    )  # fmt: skip

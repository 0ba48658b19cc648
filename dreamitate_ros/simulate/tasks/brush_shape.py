"""What the brush collides with: a box each for its bristles, head and handle."""

import mujoco
import numpy as np

from dreamitate_ros.execute import collision_groups as groups
from dreamitate_ros.simulate.plain_tools import BRISTLES_M, HANDLE_M, HEAD_M
from dreamitate_ros.simulate.tasks.grains import GRAIN_TYPE

FRICTION = 1.2  # grains catch between bristles, and rather go along than aside
BEND_M = 0.004


def shape_brush(spec: mujoco.MjSpec, arm: str) -> None:
    """Replace the geom ARM_tool_hull by boxes on the body ARM_tool.

    Bristles bend where the table is, and sweep it all the same: for grains they reach BEND_M further than drawn.
    """
    spec.delete(spec.geom(f"{arm}_tool_hull"))
    body = spec.body(f"{arm}_tool")
    _add_box(body, 0.0, BRISTLES_M, groups.ARM_TYPE, groups.ARM_AFFINITY)
    _add_box(body, BEND_M, BRISTLES_M, GRAIN_TYPE, 0)
    _add_box(body, -BRISTLES_M[0], HEAD_M, groups.ARM_TYPE, groups.ARM_AFFINITY)
    _add_box(body, -BRISTLES_M[0] - HEAD_M[0], HANDLE_M, groups.ARM_TYPE, groups.ARM_AFFINITY)


def _add_box(body: mujoco.MjsBody, front_m: float, size_m: object, contype: int, conaffinity: int) -> None:
    size = np.asarray(size_m, float)
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_BOX, size=size / 2, pos=[front_m - size[0] / 2, 0, 0],
        friction=[FRICTION, 0.005, 0.0001], mass=0, group=groups.COLLISION,
        contype=contype, conaffinity=conaffinity,
    )  # fmt: skip

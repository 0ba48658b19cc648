"""The planner's world: arms with their tools, table and cameras, asked whether and where things would touch."""

from collections.abc import Mapping
from dataclasses import dataclass

import mujoco
import numpy as np

from dreamitate_ros.execute import collision_groups as groups
from dreamitate_ros.execute.ur5e import add_arm, joint_names
from dreamitate_ros.geometry import inverse
from dreamitate_ros.rig import Rig
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Array

TABLE_CLEARANCE_M = 0.02  # arms above the table
WRIST_TABLE_CLEARANCE_M = 0.01  # the last link carries the bracket, which reaches down to the tool
CLEARANCE_M = 0.015  # between the arms, and to the cameras
OWN_CLEARANCE_M = 0.003  # between links of one arm
TOOL_TABLE_CLEARANCE_M = 0.0005  # tools work on the table: they may come this close
TOOLS_CLEARANCE_M = 0.002  # and close to each other, around the object
LARGEST_CLEARANCE_M = max(TABLE_CLEARANCE_M, CLEARANCE_M)
CAMERA_HALF_SIZE_M = (0.05, 0.02, 0.02)  # a RealSense D435i and its mount


@dataclass(frozen=True)
class Touch:
    """Two named bodies nearer than allowed: distance_m apart (negative: that deep in each other)."""

    first: str
    second: str
    distance_m: float
    allowed_m: float

    @property
    def breach_m(self) -> float:
        """By how much they are nearer than allowed."""
        return self.allowed_m - self.distance_m

    def __str__(self) -> str:
        state = "apart" if self.distance_m >= 0 else "into each other"
        return f"{self.first} and {self.second} would be {1e3 * abs(self.distance_m):.0f} mm {state}"


class CollisionWorld:
    """Poses of all arms in, the worst touch out. Holds a MuJoCo model; not for use from two threads."""

    def __init__(self, rig: Rig, tools: Mapping[str, Tool]) -> None:
        self.arms = tuple(tools)
        self.model = _compile(rig, tools)
        self.data = mujoco.MjData(self.model)
        self._columns = [self.model.joint(name).qposadr[0] for arm in self.arms for name in joint_names(arm)]

    def worst_touch(self, joints_rad: Mapping[str, Array]) -> Touch | None:
        """The deepest breach of clearance with each arm at its (6,) joints, or None where all is clear."""
        self.data.qpos[self._columns] = np.concatenate([joints_rad[arm] for arm in self.arms])
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_comPos(self.model, self.data)
        mujoco.mj_collision(self.model, self.data)
        worst = None
        for index in range(self.data.ncon):
            touch = self._touch(index)
            if touch.breach_m > 0 and (worst is None or touch.breach_m > worst.breach_m):
                worst = touch
        return worst

    def _touch(self, contact: int) -> Touch:
        names = sorted(
            self.model.body(self.model.geom_bodyid[geom]).name for geom in self.data.contact.geom[contact]
        )
        names = ["table" if name == "world" else name for name in names]
        return Touch(names[0], names[1], float(self.data.contact.dist[contact]), _allowed_m(*names))


def _allowed_m(first: str, second: str) -> float:
    tools = sum(name.endswith("_tool") for name in (first, second))
    if "table" in (first, second):
        arm = first if second == "table" else second
        if tools:
            return TOOL_TABLE_CLEARANCE_M
        return WRIST_TABLE_CLEARANCE_M if arm.endswith("wrist_3_link") else TABLE_CLEARANCE_M
    if first.split("_")[0] == second.split("_")[0]:
        return OWN_CLEARANCE_M
    return TOOLS_CLEARANCE_M if tools == 2 else CLEARANCE_M


def _compile(rig: Rig, tools: Mapping[str, Tool]) -> mujoco.MjModel:
    spec = mujoco.MjSpec()
    spec.worldbody.add_geom(
        type=mujoco.mjtGeom.mjGEOM_PLANE, size=[2, 2, 0.1], contype=groups.WORLD_TYPE, conaffinity=0
    )
    _add_cameras(spec, rig)
    for arm, tool in tools.items():
        add_arm(spec, arm, rig.world_from_base(arm), tool)
    for geom in spec.geoms:
        geom.margin = LARGEST_CLEARANCE_M
    for arm in tools:
        for link in ("base_link", "shoulder_link"):  # they stand on the table
            spec.add_exclude(bodyname1="world", bodyname2=f"{arm}_{link}")
    return spec.compile()


def _add_cameras(spec: mujoco.MjSpec, rig: Rig) -> None:
    assert rig.world_from_top is not None
    places = {"top": rig.world_from_top, "side": rig.world_from_top @ rig.top_from_side}
    for view, world_from_camera in places.items():
        body = spec.worldbody.add_body(name=f"{view}_camera", pos=world_from_camera[:3, 3])
        quaternion = np.empty(4)
        mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(world_from_camera[:3, :3]).reshape(9))
        body.quat = quaternion
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX, size=list(CAMERA_HALF_SIZE_M), rgba=[0.1, 0.1, 0.1, 1],
            contype=groups.WORLD_TYPE, conaffinity=0,
        )  # fmt: skip


def lowest_point_m(tool: Tool, world_from_tool: Array) -> Array:
    """(N,) height above the table of the lowest corner of the tool at poses (N, 4, 4)."""
    corners = np.asarray(tool.mesh.convex_hull.vertices, float)
    return (corners @ world_from_tool[:, 2, :3].T + world_from_tool[:, 2, 3]).min(axis=0)


def world_from_flange(rig: Rig, arm: str, base_from_flange: Array) -> Array:
    """(..., 4, 4) flange poses in the world."""
    return rig.world_from_base(arm) @ base_from_flange


def base_from_world(rig: Rig, arm: str) -> Array:
    """(4, 4) the inverse of the rig's world_from_base."""
    return inverse(rig.world_from_base(arm))

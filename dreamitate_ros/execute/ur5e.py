"""The UR5e: dimensions, limits and masses as published, and its MuJoCo body made by code.

Frames and joint zeros are those of ur_description and ur_robot_driver: base_link is turned 180 deg about z
from the controller's `base`; tool0 lies on the flange, z pointing out of it. Dimensions, masses: Universal
Robots, "DH parameters for calculations of kinematics and dynamics"; limits: UR5e data sheet and ur_description.
"""

import math

import mujoco
import numpy as np

from dreamitate_ros.execute.arm_shapes import LINK_SHAPES, add_bracket, add_shape, add_tool_geoms
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Array

JOINT_NAMES = (
    "shoulder_pan_joint",
    "shoulder_lift_joint",
    "elbow_joint",
    "wrist_1_joint",
    "wrist_2_joint",
    "wrist_3_joint",
)
LINK_NAMES = (
    "shoulder_link",
    "upper_arm_link",
    "forearm_link",
    "wrist_1_link",
    "wrist_2_link",
    "wrist_3_link",
)

D1_M, A2_M, A3_M, D4_M, D5_M, D6_M = 0.1625, -0.425, -0.3922, 0.1333, 0.0997, 0.0996
DH_A_M = (0.0, A2_M, A3_M, 0.0, 0.0, 0.0)
DH_D_M = (D1_M, 0.0, 0.0, D4_M, D5_M, D6_M)
DH_ALPHA_RAD = (math.pi / 2, 0.0, 0.0, math.pi / 2, -math.pi / 2, 0.0)

POSITION_LIMIT_RAD = np.array([2, 2, 1, 2, 2, 2]) * math.pi
"""(6,) each joint may turn this far either way; ur_description holds the elbow to half a turn."""

VELOCITY_LIMIT_RAD_S = np.full(6, math.pi)
"""(6,) 180 deg/s in the data sheet."""

ACCELERATION_LIMIT_RAD_S2 = np.full(6, 5.0)
"""(6,) UR publishes none; this is what MoveIt's configuration of UR arms has long used."""

JERK_LIMIT_RAD_S3 = np.full(6, 100.0)
"""UR publishes none: full acceleration takes a twentieth of a second at least."""

EFFORT_LIMIT_NM = np.array([150.0, 150.0, 150.0, 28.0, 28.0, 28.0])

HOME_RAD = {
    "left": np.array([0.0, -2.2, 2.4, -1.8, -1.57, 0.0]),
    "right": np.array([0.0, -2.2, 2.4, -1.8, -1.57, 0.0]),
}
"""Where the arms wait while photos are taken: tool held up and back, out of both camera views of the cell."""

BASE_MASS_KG = 4.0
LINK_MASS_KG = (3.761, 8.058, 2.846, 1.37, 1.3, 0.365)
LINK_CENTRE_OF_MASS_M = (
    (0.0, -0.02561, 0.00193),
    (-0.2125, 0.0, 0.11336),
    (-0.15, 0.0, 0.0265),
    (0.0, -0.0018, 0.01634),
    (0.0, 0.0018, 0.01634),
    (0.0, 0.0, -0.001159),
)
LINK_INERTIA_KG_M2 = (
    (0.0103, 0.0103, 0.0067),
    (0.0151, 0.1339, 0.1339),
    (0.0041, 0.0312, 0.0312),
    (0.0026, 0.0022, 0.0026),
    (0.0026, 0.0026, 0.0022),
    (0.0001, 0.0001, 0.0001),
)
"""Principal moments about the centres of mass, of uniform cylinders of each link's size (UR publishes none)."""

TOOL_MASS_KG = 0.25

_QUARTER = math.sqrt(0.5)
_LINK_PLACES = (  # each link in the one before: position, quaternion wxyz (ur_description's joint origins)
    ((0.0, 0.0, D1_M), (0.0, 0.0, 0.0, 1.0)),
    ((0.0, 0.0, 0.0), (_QUARTER, _QUARTER, 0.0, 0.0)),
    ((A2_M, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0)),
    ((A3_M, 0.0, D4_M), (1.0, 0.0, 0.0, 0.0)),
    ((0.0, -D5_M, 0.0), (_QUARTER, _QUARTER, 0.0, 0.0)),
    ((0.0, D6_M, 0.0), (_QUARTER, -_QUARTER, 0.0, 0.0)),
)


def joint_names(arm: str) -> tuple[str, ...]:
    """The six joint names of `arm` as ur_robot_driver publishes them with tf_prefix "ARM_"."""
    return tuple(f"{arm}_{name}" for name in JOINT_NAMES)


def add_arm(spec: mujoco.MjSpec, arm: str, world_from_base: Array, tool: Tool | None) -> None:
    """Add one UR5e to the world of `spec`, its base_link at world_from_base (4, 4), holding `tool` if any.

    Bodies ARM_base_link .. ARM_wrist_3_link and ARM_tool, joints ARM_shoulder_pan_joint .., site ARM_tool0.
    Collision geoms are of group 3; what is only looked at is of group 2.
    """
    body = spec.worldbody.add_body(
        name=f"{arm}_base_link", pos=world_from_base[:3, 3], quat=_quaternion(world_from_base)
    )
    _set_inertia(body, BASE_MASS_KG, (0.0, 0.0, 0.05), (0.008, 0.008, 0.008))
    for shape in LINK_SHAPES["base_link"]:
        add_shape(body, shape)
    for index, (link, place) in enumerate(zip(LINK_NAMES, _LINK_PLACES, strict=True)):
        body = _add_link(body, arm, index, link, place)
    body.add_site(name=f"{arm}_tool0", size=[0.004, 0.004, 0.004], rgba=[0, 0, 0, 0])
    if tool is not None:
        _add_tool(spec, body, arm, tool)
    _exclude_neighbours(spec, arm)


def _add_link(
    parent: mujoco.MjsBody,
    arm: str,
    index: int,
    link: str,
    place: tuple[tuple[float, ...], tuple[float, ...]],
) -> mujoco.MjsBody:
    body = parent.add_body(name=f"{arm}_{link}", pos=place[0], quat=place[1])
    limit = POSITION_LIMIT_RAD[index]
    body.add_joint(
        name=f"{arm}_{JOINT_NAMES[index]}",
        type=mujoco.mjtJoint.mjJNT_HINGE,
        axis=[0, 0, 1],
        range=[-limit, limit],
        limited=mujoco.mjtLimited.mjLIMITED_TRUE,
        armature=0.1,
    )
    _set_inertia(body, LINK_MASS_KG[index], LINK_CENTRE_OF_MASS_M[index], LINK_INERTIA_KG_M2[index])
    for shape in LINK_SHAPES[link]:
        add_shape(body, shape)
    return body


def _add_tool(spec: mujoco.MjSpec, wrist: mujoco.MjsBody, arm: str, tool: Tool) -> None:
    body = wrist.add_body(
        name=f"{arm}_tool", pos=tool.flange_from_tool[:3, 3], quat=_quaternion(tool.flange_from_tool)
    )
    low, high = tool.mesh.bounds
    size = high - low
    moments = TOOL_MASS_KG / 12 * (size @ size - size**2)
    _set_inertia(body, TOOL_MASS_KG, (low + high) / 2, moments)
    add_tool_geoms(spec, body, arm, tool)
    add_bracket(wrist, tool)


def _exclude_neighbours(spec: mujoco.MjSpec, arm: str) -> None:
    """Links that always touch: the housings of a joint, and the bracket with the tool it holds."""
    pairs = (
        ("base_link", "shoulder_link"),
        ("base_link", "upper_arm_link"),
        ("forearm_link", "wrist_2_link"),
        ("wrist_1_link", "wrist_3_link"),
    )
    for first, second in pairs:
        spec.add_exclude(bodyname1=f"{arm}_{first}", bodyname2=f"{arm}_{second}")


def _set_inertia(body: mujoco.MjsBody, mass_kg: float, centre_m: object, moments_kg_m2: object) -> None:
    body.explicitinertial = True
    body.mass = mass_kg
    body.ipos = np.asarray(centre_m, float)
    body.inertia = np.maximum(np.asarray(moments_kg_m2, float), 1e-5)


def _quaternion(target_from_source: Array) -> Array:
    quaternion = np.empty(4)
    mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(target_from_source[:3, :3]).reshape(9))
    return quaternion

"""What a UR5e, the tool's bracket and the tool look like: cylinders, capsules and a textured mesh for MuJoCo."""

from dataclasses import dataclass

import mujoco
import numpy as np

from dreamitate_ros.execute import collision_groups as groups
from dreamitate_ros.execute.bracket import PLATE_RADIUS_M, STEM_RADIUS_M, bracket
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Array

GREY = (0.78, 0.79, 0.80, 1.0)
JOINT_GREY = (0.42, 0.44, 0.46, 1.0)
BLUE = (0.36, 0.62, 0.82, 1.0)
STEEL = (0.55, 0.57, 0.60, 1.0)
BRACKET = (0.16, 0.17, 0.19, 1.0)

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Shape:
    """A cylinder (or capsule) of `radius_m` from `start` to `end`, metres in its link's frame."""

    start: Point
    end: Point
    radius_m: float
    rgba: tuple[float, float, float, float] = GREY
    capsule: bool = False
    solid: bool = True


def _joint(z_from: float, z_to: float, radius: float, x: float = 0.0) -> list[Shape]:
    """A joint housing along the link's z axis."""
    return [Shape((x, 0, z_from), (x, 0, z_to), radius)]


def _cap(at: Point, towards: Point, radius: float) -> list[Shape]:
    """The blue lid of a housing, with the dark seam below it; only looked at."""
    direction = np.asarray(towards)
    outer, seam = (tuple(np.asarray(at) + length * direction) for length in (0.007, -0.004))
    return [
        Shape(at, outer, radius * 0.97, BLUE, solid=False),
        Shape(seam, at, radius * 1.015, JOINT_GREY, solid=False),
    ]


def _ring(start: Point, end: Point, radius: float) -> list[Shape]:
    """The dark seam where a joint turns; only looked at."""
    return [Shape(start, end, radius, JOINT_GREY, solid=False)]


UPPER_ARM_Z_M, FOREARM_Z_M = 0.138, 0.007  # sideways places of the two tubes (ur_description)

LINK_SHAPES: dict[str, list[Shape]] = {
    "base_link": [
        Shape((0, 0, 0.0), (0, 0, 0.025), 0.0745, JOINT_GREY),
        Shape((0, 0, 0.025), (0, 0, 0.085), 0.066),
        *_ring((0, 0, 0.085), (0, 0, 0.091), 0.064),
    ],
    "shoulder_link": [
        *_joint(-0.070, 0.058, 0.060),
        Shape((0, 0.0, 0.0), (0, -0.070, 0.0), 0.058),
        *_ring((0, -0.070, 0), (0, -0.076, 0), 0.057),
        *_cap((0, 0, 0.058), (0, 0, 1), 0.060),
        *_cap((0, 0.0565, 0), (0, 1, 0), 0.040),
    ],
    "upper_arm_link": [
        *_joint(0.076, 0.190, 0.058),
        *_cap((0, 0, 0.190), (0, 0, 1), 0.058),
        Shape((0, 0, UPPER_ARM_Z_M), (-0.425, 0, UPPER_ARM_Z_M), 0.045),
        *_joint(0.072, 0.190, 0.055, x=-0.425),
        *_cap((-0.425, 0, 0.190), (0, 0, 1), 0.055),
        *_ring((-0.425, 0, 0.072), (-0.425, 0, 0.066), 0.052),
    ],
    "forearm_link": [
        *_joint(-0.050, 0.066, 0.051),
        *_cap((0, 0, -0.050), (0, 0, -1), 0.051),
        Shape((0, 0, FOREARM_Z_M), (-0.3922, 0, FOREARM_Z_M), 0.038),
        *_joint(-0.038, 0.056, 0.039, x=-0.3922),
        *_cap((-0.3922, 0, -0.038), (0, 0, -1), 0.039),
        *_ring((-0.3922, 0, 0.056), (-0.3922, 0, 0.062), 0.037),
    ],
    "wrist_1_link": [
        *_joint(-0.071, 0.040, 0.038),
        *_cap((0, 0, 0.040), (0, 0, 1), 0.038),
        Shape((0, 0, 0), (0, -0.055, 0), 0.037),
        *_ring((0, -0.055, 0), (0, -0.061, 0), 0.036),
    ],
    "wrist_2_link": [
        *_joint(-0.039, 0.040, 0.038),
        *_cap((0, 0, 0.040), (0, 0, 1), 0.038),
        Shape((0, 0, 0), (0, 0.056, 0), 0.037),
        *_ring((0, 0.056, 0), (0, 0.062, 0), 0.036),
    ],
    "wrist_3_link": [Shape((0, 0, -0.038), (0, 0, 0), 0.0375, STEEL)],
}


def add_shape(body: mujoco.MjsBody, shape: Shape) -> None:
    """One shape on `body`; massless, since the links carry published inertias."""
    kind = mujoco.mjtGeom.mjGEOM_CAPSULE if shape.capsule else mujoco.mjtGeom.mjGEOM_CYLINDER
    body.add_geom(
        type=kind,
        fromto=[*shape.start, *shape.end],
        size=[shape.radius_m, 0, 0],
        rgba=list(shape.rgba),
        mass=0,
        group=groups.VISIBLE,
        contype=groups.ARM_TYPE if shape.solid else 0,
        conaffinity=groups.ARM_AFFINITY if shape.solid else 0,
    )


def add_tool_geoms(spec: mujoco.MjSpec, body: mujoco.MjsBody, arm: str, tool: Tool) -> None:
    """The tool's mesh with its texture or colours to look at, and its convex hull ARM_tool_hull to collide with."""
    place = {"pos": [0, 0, 0], "quat": [1, 0, 0, 0]}
    for number, (faces, rgba) in enumerate(_looks(tool)):
        mesh = spec.add_mesh(name=f"{arm}_tool_{number}")
        mesh.uservert = np.asarray(tool.mesh.vertices, float).ravel()
        mesh.userface = faces.ravel()
        mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL
        body.add_geom(
            name=f"{arm}_tool_look_{number}", type=mujoco.mjtGeom.mjGEOM_MESH, meshname=mesh.name,
            material=_add_material(spec, mesh, mesh.name, tool, rgba),
            mass=0, group=groups.VISIBLE, contype=0, conaffinity=0, **place,
        )  # fmt: skip
    hull = spec.add_mesh(name=f"{arm}_tool_hull")
    convex = tool.mesh.convex_hull
    hull.uservert = np.asarray(convex.vertices, float).ravel()
    hull.userface = np.asarray(convex.faces, int).ravel()
    body.add_geom(
        name=f"{arm}_tool_hull", type=mujoco.mjtGeom.mjGEOM_MESH, meshname=hull.name,
        mass=0, group=groups.COLLISION, contype=groups.ARM_TYPE, conaffinity=groups.ARM_AFFINITY, **place,
    )  # fmt: skip


def _looks(tool: Tool) -> list[tuple[np.ndarray, Array]]:
    """(F, 3) triangles and the RGBA to draw them in: one entry for each colour of a tool without texture."""
    faces = np.asarray(tool.mesh.faces, int)
    if texture_of(tool)[0] is not None:
        return [(faces, np.ones(4))]
    colours = np.asarray(tool.mesh.visual.vertex_colors, float)[faces].mean(axis=1).round()
    return [(faces[(colours == colour).all(axis=1)], colour / 255.0) for colour in np.unique(colours, axis=0)]


def _add_material(spec: mujoco.MjSpec, mesh: mujoco.MjsMesh, name: str, tool: Tool, rgba: Array) -> str:
    material = spec.add_material(name=name, specular=0.2, shininess=0.2)
    coordinates, pixels = texture_of(tool)
    if coordinates is None or pixels is None:
        material.rgba = rgba
        return name
    # MuJoCo's rows run downwards, an OBJ's v upwards.
    mesh.usertexcoord = np.column_stack([coordinates[:, 0], 1.0 - coordinates[:, 1]]).ravel()
    texture = spec.add_texture(name=name, type=mujoco.mjtTexture.mjTEXTURE_2D)
    texture.height, texture.width, texture.nchannel = pixels.shape
    texture.data = pixels.tobytes()
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
    return name


def texture_of(tool: Tool) -> tuple[Array | None, np.ndarray | None]:
    """(V, 2) coordinates and (H, W, 3) uint8 RGB of the tool's texture, or None where it has none."""
    visual = tool.mesh.visual
    coordinates = getattr(visual, "uv", None)
    material = getattr(visual, "material", None)
    image = getattr(material, "image", None) or getattr(material, "baseColorTexture", None)
    if coordinates is None or image is None:
        return None, None
    return np.asarray(coordinates, float), np.ascontiguousarray(np.asarray(image.convert("RGB"), np.uint8))


def add_bracket(wrist: mujoco.MjsBody, tool: Tool) -> None:
    """Its plate and stem, as the mount is printed."""
    shape = bracket(tool)
    add_shape(wrist, Shape((0, 0, 0), _point(shape.start_m), PLATE_RADIUS_M, STEEL))
    add_shape(wrist, Shape(_point(shape.start_m), _point(shape.end_m), STEM_RADIUS_M, BRACKET, capsule=True))


def _point(place_m: Array) -> Point:
    x, y, z = place_m.tolist()
    return (x, y, z)

"""What every task of the simulated cell shares: table, light and the rig's cameras, as a MuJoCo spec."""

from dataclasses import dataclass

import mujoco
import numpy as np
from scipy.ndimage import gaussian_filter

from dreamitate_ros.capture.framing import uncrop_camera
from dreamitate_ros.execute import collision_groups as groups
from dreamitate_ros.geometry import transform
from dreamitate_ros.rig import Rig
from dreamitate_ros.values import Array, Camera

CAMERA_SIZE_PX = (1280, 720)
"""Width and height of the photos, before the crop that the rig's cameras belong to."""

OVERVIEW = Camera(np.array([[480.0, 0, 319.5], [0, 480.0, 179.5], [0, 0, 1]]), 640, 360)
TIMESTEP_S = 0.0025
TABLE_SIZE_M = (1.15, 0.62, 0.03)  # half sizes


@dataclass(frozen=True)
class Scene:
    """All that makes a task's scene: the seed, and how its things lie now.

    positions: (N,) of the things' joints in MuJoCo's order; empty for where the seed puts them.
    """

    seed: int
    positions: Array


def photo_cameras(rig: Rig) -> dict[str, Camera]:
    """The two cameras as they deliver photos, 1280x720: the inverse of the crop and resize of capture."""
    return {view: uncrop_camera(getattr(rig, view), *CAMERA_SIZE_PX) for view in ("top", "side")}


def empty_scene(rig: Rig, seed: int) -> mujoco.MjSpec:
    """Table, light and cameras, no object and nobody there.

    Cameras: `top` and `side` take the photos (1280x720), `top_model` and `side_model` see what the video model
    sees (the rig's own size), `overview` looks on. The light differs a little by seed.
    """
    spec = mujoco.MjSpec()
    spec.compiler.degree = False  # joint ranges are in rad
    spec.option.timestep = TIMESTEP_S
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 5.0
    spec.stat.extent = 1.5
    spec.stat.center = np.array([0.0, 0.0, 0.2])
    _add_table(spec)
    _add_lights(spec, np.random.default_rng([seed, 2]))
    _add_cameras(spec, rig)
    return spec


def add_camera(spec: mujoco.MjSpec, name: str, camera: Camera, world_from_camera: Array) -> None:
    """A pinhole camera with exactly these intrinsics; world_from_camera (4, 4) is of its optical frame."""
    quaternion = np.empty(4)
    backward_y_up = world_from_camera[:3, :3] @ np.diag([1.0, -1.0, -1.0])  # MuJoCo looks along -z
    mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(backward_y_up).reshape(9))
    K = camera.K
    spec.worldbody.add_camera(
        name=name,
        pos=world_from_camera[:3, 3],
        quat=quaternion,
        resolution=[camera.width, camera.height],
        sensor_size=[camera.width * 1e-6, camera.height * 1e-6],  # any pixel pitch will do
        focal_pixel=[K[0, 0], K[1, 1]],
        # from the principal point to the image's centre: MuJoCo counts the other way
        principal_pixel=[(camera.width - 1) / 2 - K[0, 2], (camera.height - 1) / 2 - K[1, 2]],
    )


def look_at(eye_m: Array, target_m: Array) -> Array:
    """(4, 4) world_from_camera of an optical frame at eye_m that looks at target_m, upright."""
    forward = (target_m - eye_m) / np.linalg.norm(target_m - eye_m)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    return transform(np.column_stack([right, np.cross(forward, right), forward]), eye_m)


def _add_table(spec: mujoco.MjSpec) -> None:
    random = np.random.default_rng(0)  # the same cloth in every scene
    coarse = gaussian_filter(random.normal(0, 1, (512, 512)), 14, mode="wrap")[..., None]
    grain = random.normal(0, 1, (512, 512, 1))
    cloth = np.clip([27, 29, 33] + 2.0 * coarse / coarse.std() + 2.2 * grain, 0, 255).astype(np.uint8)
    texture = spec.add_texture(
        name="cloth", type=mujoco.mjtTexture.mjTEXTURE_2D, width=512, height=512, nchannel=3
    )
    texture.data = cloth.tobytes()
    material = spec.add_material(name="cloth", specular=0.05, shininess=0.1, texrepeat=[3, 2])
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "cloth"
    x, y, thickness = TABLE_SIZE_M
    spec.worldbody.add_geom(
        name="table", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[x, y, 0.1], material="cloth",
        friction=[0.3, 0.005, 0.0001], group=groups.VISIBLE,
        contype=groups.WORLD_TYPE, conaffinity=groups.WORLD_TYPE,
    )  # fmt: skip
    looks = {"contype": 0, "conaffinity": 0, "group": groups.VISIBLE}
    box = mujoco.mjtGeom.mjGEOM_BOX
    spec.worldbody.add_geom(
        type=box, size=[x, y, thickness], pos=[0, 0, -thickness - 0.001], rgba=[0.30, 0.31, 0.33, 1], **looks
    )
    for sign_x in (-1, 1):
        for sign_y in (-1, 1):
            spec.worldbody.add_geom(
                type=box, size=[0.03, 0.03, 0.36], pos=[sign_x * (x - 0.05), sign_y * (y - 0.05), -0.42],
                rgba=[0.22, 0.23, 0.25, 1], **looks,
            )  # fmt: skip
    spec.worldbody.add_geom(
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        size=[6, 6, 0.1],
        pos=[0, 0, -0.78],
        rgba=[0.62, 0.64, 0.66, 1],
        **looks,
    )
    spec.add_texture(
        name="sky", type=mujoco.mjtTexture.mjTEXTURE_SKYBOX, builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.83, 0.87, 0.91], rgb2=[0.60, 0.66, 0.72], width=64, height=384,
    )  # fmt: skip


def _add_lights(spec: mujoco.MjSpec, random: np.random.Generator) -> None:
    spec.visual.headlight.ambient[:] = 0.32
    spec.visual.headlight.diffuse[:] = 0.20
    spec.visual.headlight.specular[:] = 0.0
    spec.visual.quality.shadowsize = 1024
    spec.visual.map.shadowclip = 1.2
    aside = random.uniform(-0.5, 0.5, 2)
    position = np.array([0.4 + aside[0], -0.5 + aside[1], 2.2])
    spec.worldbody.add_light(
        name="ceiling", pos=position, dir=-position / np.linalg.norm(position),
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        diffuse=[random.uniform(0.34, 0.44)] * 3, specular=[0.15] * 3, castshadow=True,
    )  # fmt: skip
    spec.worldbody.add_light(
        name="fill", pos=[-1.0, 1.0, 1.5], dir=[0.5, -0.5, -0.75],
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        diffuse=[0.12] * 3, specular=[0.0] * 3, castshadow=False,
    )  # fmt: skip


def _add_cameras(spec: mujoco.MjSpec, rig: Rig) -> None:
    if rig.world_from_top is None:
        raise ValueError("the simulated cell needs a rig with world_from_top")
    world_from = {"top": rig.world_from_top, "side": rig.world_from_top @ rig.top_from_side}
    photos = photo_cameras(rig)
    for view, world_from_camera in world_from.items():
        add_camera(spec, view, photos[view], world_from_camera)
        add_camera(spec, f"{view}_model", getattr(rig, view), world_from_camera)
    add_camera(spec, "overview", OVERVIEW, look_at(np.array([0.0, -1.50, 1.32]), np.array([0.0, 0.0, 0.12])))

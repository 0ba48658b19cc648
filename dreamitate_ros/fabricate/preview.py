"""Pictures of what will be printed."""

import mujoco
import numpy as np
import trimesh
from scipy.spatial.transform import Rotation

from dreamitate_ros.execute import collision_groups as groups
from dreamitate_ros.simulate.rendering import CameraRenderer
from dreamitate_ros.values import Image

SIDE_PX, FIELD_DEG = 480, 30.0
LOOK_FROM = np.array([0.65, -0.70, 0.30])  # direction from the middle of the thing
COLOUR = (0.93, 0.62, 0.20, 1.0)


def draw(mesh: trimesh.Trimesh) -> Image:
    """(480, 480, 3) uint8 RGB of a closed mesh in metres, z upwards."""
    model = _scene(mesh).compile()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    renderer = CameraRenderer(model, samples=4)
    try:
        return renderer.render(data, "camera")
    finally:
        renderer.close()


def _scene(mesh: trimesh.Trimesh) -> mujoco.MjSpec:
    spec = mujoco.MjSpec()
    spec.visual.headlight.ambient = [0.35] * 3
    spec.visual.headlight.diffuse = [0.65] * 3
    spec.add_texture(
        name="sky", type=mujoco.mjtTexture.mjTEXTURE_SKYBOX, builtin=mujoco.mjtBuiltin.mjBUILTIN_FLAT,
        rgb1=[1, 1, 1], rgb2=[1, 1, 1], width=64, height=64,
    )  # fmt: skip
    drawn = spec.add_mesh(name="print")
    middle = mesh.bounds.mean(axis=0)
    flat = np.asarray(mesh.triangles - middle, float).reshape(-1, 3)  # no shared corners: edges stay sharp
    drawn.uservert = flat.ravel()
    drawn.userface = np.arange(len(flat))
    drawn.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL
    spec.worldbody.add_geom(
        type=mujoco.mjtGeom.mjGEOM_MESH, meshname="print", rgba=COLOUR, group=groups.VISIBLE
    )
    away_m = 0.55 * np.linalg.norm(mesh.extents) / np.sin(np.deg2rad(FIELD_DEG / 2))
    back = LOOK_FROM / np.linalg.norm(LOOK_FROM)
    right = np.cross([0.0, 0.0, 1.0], back)
    right /= np.linalg.norm(right)
    turned = Rotation.from_matrix(np.column_stack([right, np.cross(back, right), back]))
    spec.worldbody.add_camera(
        name="camera",
        pos=away_m * back,
        quat=turned.as_quat(scalar_first=True),
        fovy=FIELD_DEG,
        resolution=[SIDE_PX, SIDE_PX],
    )
    return spec

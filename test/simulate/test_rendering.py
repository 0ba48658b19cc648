"""The rendered cameras are the rig's cameras: a known point appears where the rig projects it."""

import mujoco
import numpy as np
import pytest

from dreamitate_ros.capture.framing import crop_image
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute import collision_groups as groups
from dreamitate_ros.geometry import apply, inverse, project
from dreamitate_ros.rig import load_rig
from dreamitate_ros.simulate import rendering
from dreamitate_ros.simulate.rendering import CameraRenderer
from dreamitate_ros.simulate.scene import empty_scene, photo_cameras

from .conftest import CONFIG

BALLS_M = np.array(
    [[-0.1, 0.0, 0.02], [-0.3, 0.15, 0.02], [0.28, -0.2, 0.05], [0.15, 0.18, 0.1], [-0.2, -0.1, 0.0]]
)
RADIUS_M = 0.006
EDGE_PX = 15  # a ball nearer to it is cut off


@pytest.fixture(scope="module", params=["cell", "cell_close"])
def rig(request):
    return load_rig(CONFIG / "rigs" / f"{request.param}.yaml")


@pytest.fixture(scope="module")
def pictures(rig):
    """Each camera's picture of glowing balls, the scene otherwise dark."""
    spec = empty_scene(rig, seed=0)
    for geom in spec.geoms:
        geom.group = groups.COLLISION  # not drawn
    material = spec.add_material(name="glow", emission=1.0, rgba=[1, 1, 1, 1])
    for ball in BALLS_M:
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_SPHERE,
            size=[RADIUS_M, 0, 0],
            pos=ball,
            material=material.name,
            group=groups.VISIBLE,
        )
    model = spec.compile()
    model.tex_data[:] = 0
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    renderer = CameraRenderer(model, samples=4)
    yield {name: renderer.render(data, name) for name in ("top", "side", "top_model", "side_model")}
    renderer.close()


def located(picture: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Centre of the bright blob around `near`, weighted by brightness; px, pixel centres at integers."""
    x, y = np.round(near).astype(int)
    half = 14
    patch = picture[y - half : y + half + 1, x - half : x + half + 1].sum(axis=2).astype(float)
    patch[patch < 60] = 0
    rows, columns = np.mgrid[y - half : y + half + 1, x - half : x + half + 1]
    return np.array([(columns * patch).sum(), (rows * patch).sum()]) / patch.sum()


@pytest.mark.parametrize("name", ["top", "side", "top_model", "side_model"])
def test_points_appear_where_the_rig_projects_them(rig, pictures, name):
    view = name.split("_")[0]
    camera = getattr(rig, view) if name.endswith("model") else photo_cameras(rig)[view]
    world_from_camera = rig.world_from_top if view == "top" else rig.world_from_top @ rig.top_from_side
    expected = project(camera, apply(inverse(world_from_camera), BALLS_M))
    picture = pictures[name]
    assert picture.shape == (camera.height, camera.width, 3)
    size_px = [camera.width, camera.height]
    is_inside = (np.minimum(expected, np.array(size_px) - expected) > EDGE_PX).all(axis=1)
    inside = expected[is_inside]
    assert len(inside) >= 2
    errors = [np.linalg.norm(located(picture, pixel) - pixel) for pixel in inside]
    assert max(errors) < 0.3


def test_cropping_a_photo_gives_what_the_model_sees(rig, pictures):
    camera = rig.top
    cropped = crop_image(pictures["top"], camera.width, camera.height)
    pixel = project(camera, apply(inverse(rig.world_from_top), BALLS_M[:1]))[0]
    assert np.linalg.norm(located(cropped, pixel) - pixel) < 0.3


def test_without_egl_the_error_names_the_debian_packages(monkeypatch, rig):
    monkeypatch.setattr(rendering.ctypes.util, "find_library", lambda _: None)
    with pytest.raises(DreamitateError, match="libegl1 and libgl1-mesa-dri") as caught:
        CameraRenderer(empty_scene(rig, seed=0).compile())
    assert caught.value.code is ErrorCode.STAGE_UNAVAILABLE

"""A patterned plate drawn by a homography (not by the tracker's renderer) into two views of a small rig."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
import trimesh
from PIL import Image as PillowImage
from scipy.spatial.transform import Rotation

from dreamitate_ros.geometry import transform
from dreamitate_ros.rig import Rig
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Array, Camera, Image, StereoVideo

LENGTH_M, WIDTH_M = 0.13, 0.08
TEXELS_PER_M = 4000


@dataclass(frozen=True)
class Clip:
    """video and the pose of each tool in it: name -> (T, 4, 4) top_from_tool."""

    video: StereoVideo
    truth: dict[str, Array]


def make_rig() -> Rig:
    """Two 384x224 cameras 0.66 m apart, turned 22.5 deg towards each other about x."""
    K = np.array([[284.0, 0, 192.0], [0, 284.0, 114.0], [0, 0, 1]])
    half = Rotation.from_euler("x", -22.5, degrees=True).as_matrix()
    top_from_side = transform(half @ half, half @ np.array([0.0, -0.66, 0.0]))
    return Rig(Camera(K, 384, 224), Camera(K, 384, 224), top_from_side)


def make_plate(name: str, seed: int) -> Tool:
    """A flat plate with a random pattern of dark rectangles on white, and a coloured border."""
    random = np.random.default_rng(seed)
    texture = np.full((round(WIDTH_M * TEXELS_PER_M), round(LENGTH_M * TEXELS_PER_M), 3), 235, np.uint8)
    cell = TEXELS_PER_M // 50
    for top in range(cell // 2, texture.shape[0] - cell, cell):
        for left in range(cell // 2, texture.shape[1] - cell, cell):
            if random.random() < 0.5:
                texture[top : top + cell, left : left + cell] = (30, 30, 40)
    cv2.rectangle(texture, (0, 0), (texture.shape[1] - 1, texture.shape[0] - 1), (20, 90, 220), 24)
    x, y = LENGTH_M / 2, WIDTH_M / 2
    mesh = trimesh.Trimesh(
        [[-x, -y, 0], [x, -y, 0], [x, y, 0], [-x, y, 0]], [[0, 1, 2], [0, 2, 3]], process=False
    )
    material = trimesh.visual.material.SimpleMaterial(image=PillowImage.fromarray(texture))
    uv = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
    mesh.visual = trimesh.visual.TextureVisuals(uv=uv, material=material)
    return Tool(name, mesh, np.eye(4), Path(f"{name}/tool.obj"))


def draw_plate(image: Image, camera: Camera, camera_from_tool: Array, tool: Tool) -> None:
    """Draw the plate into image (H, W, 3), in place, by the homography from its texture to the image."""
    texture = np.asarray(tool.mesh.visual.material.image)
    height, width = texture.shape[:2]
    plane_from_texel = np.array(
        [
            [LENGTH_M / width, 0, (0.5 - width / 2) * LENGTH_M / width],
            [0, -WIDTH_M / height, (height / 2 - 0.5) * WIDTH_M / height],
            [0, 0, 1],
        ]
    )
    homography = camera.K @ camera_from_tool[:3, [0, 1, 3]] @ plane_from_texel
    # drawn at twice the size, then halved: the pattern must not alias
    double = np.array([[2, 0, 0.5], [0, 2, 0.5], [0, 0, 1]])
    size = (2 * camera.width, 2 * camera.height)
    smooth = cv2.GaussianBlur(texture, (0, 0), TEXELS_PER_M / 2000)
    drawn = cv2.warpPerspective(smooth, double @ homography, size, flags=cv2.INTER_LINEAR)
    mask = cv2.warpPerspective(np.full((height, width), 255, np.uint8), double @ homography, size)
    half = (camera.width, camera.height)
    alpha = cv2.resize(mask, half, interpolation=cv2.INTER_AREA)[..., None] / 255
    drawn = cv2.resize(drawn, half, interpolation=cv2.INTER_AREA)
    image[:] = np.round(alpha * drawn + (1 - alpha) * image).astype(np.uint8)


def plate_pose(x_m: float, y_m: float, yaw_deg: float, tip_deg: float = 8.0) -> Array:
    """top_from_tool (4, 4) of a plate that lies near where the rig's cameras look, facing up between them."""
    facing = Rotation.from_euler("x", 180 - 22.5, degrees=True)
    turn = facing * Rotation.from_euler("zy", [yaw_deg, tip_deg], degrees=True)
    return transform(turn.as_matrix(), np.array([x_m, y_m, 0.70 + 0.4 * y_m]))


@pytest.fixture(scope="session")
def rig() -> Rig:
    return make_rig()


@pytest.fixture(scope="session")
def plates() -> list[Tool]:
    return [make_plate("left", 4), make_plate("right", 2)]


@pytest.fixture(scope="session")
def place() -> Callable[..., Array]:
    return plate_pose


@pytest.fixture(scope="session")
def draw() -> Callable[[Camera, Array, Tool], Image]:
    """Draws one plate on black: (H, W, 3)."""

    def drawn(camera: Camera, camera_from_tool: Array, tool: Tool) -> Image:
        image = np.zeros((camera.height, camera.width, 3), np.uint8)
        draw_plate(image, camera, camera_from_tool, tool)
        return image

    return drawn


@pytest.fixture(scope="session")
def clip(rig: Rig, plates: list[Tool]) -> Clip:
    """Seven times; the photo is empty, at time 1 only the left plate is there, and a hand covers part of each."""
    left = np.stack([plate_pose(-0.15 + 0.008 * t, 0.02 - 0.006 * t, 5 * t) for t in range(7)])
    right = np.stack([plate_pose(0.16 - 0.008 * t, 0.01 + 0.005 * t, 180 + 4 * t) for t in range(7)])
    random = np.random.default_rng(0)
    views = []
    for camera, camera_from_top in ((rig.top, np.eye(4)), (rig.side, rig.side_from_top)):
        frames = np.full((7, camera.height, camera.width, 3), 28, np.uint8)
        frames[:, 60:110, 170:220] = (200, 190, 170)  # an object that does not move
        for time in range(1, 7):
            draw_plate(frames[time], camera, camera_from_top @ left[time], plates[0])
            if time > 1:
                draw_plate(frames[time], camera, camera_from_top @ right[time], plates[1])
            for poses in (left, right)[:time]:
                _draw_hand(frames[time], camera, camera_from_top @ poses[time])
        noise = random.normal(0, 3, frames.shape)
        views.append(np.clip(frames + noise, 0, 255).astype(np.uint8))
    return Clip(StereoVideo(views[0], views[1], fps=6.0), {"left": left, "right": right})


def _draw_hand(image: Image, camera: Camera, camera_from_tool: Array) -> None:
    corner = camera_from_tool @ [0.0, -WIDTH_M / 2, 0.0, 1.0]
    pixel = camera.K @ corner[:3]
    center = tuple(round(float(value)) for value in pixel[:2] / pixel[2])
    cv2.circle(image, center, 13, (205, 150, 130), cv2.FILLED)

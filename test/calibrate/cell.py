"""Boards in the simulated cell, photographed by its cameras: what a calibration is tested on."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import mujoco
import numpy as np
import yaml
from scipy.spatial.transform import Rotation

from dreamitate_ros.calibrate.board import Board
from dreamitate_ros.execute import collision_groups as groups
from dreamitate_ros.execute.kinematics import solve
from dreamitate_ros.execute.ur5e import HOME_RAD, add_arm, joint_names
from dreamitate_ros.geometry import inverse, transform
from dreamitate_ros.rig import Rig
from dreamitate_ros.simulate.rendering import CameraRenderer
from dreamitate_ros.simulate.scene import empty_scene, photo_cameras
from dreamitate_ros.values import Array, Image

BORDER_M = 0.012  # white around the pattern
PX_PER_M = 5000
FLANGE_FROM_BOARD = transform(  # printed side away from the arm, a little crooked as by hand
    Rotation.from_euler("xyz", [181.5, -1.0, 32.0], degrees=True).as_matrix(), np.array([-0.13, 0.02, 0.03])
)


@dataclass(frozen=True)
class Photographed:
    """One place of the board: who held it, the arm's joints, view -> photo."""

    held_by: str
    joints_rad: Array | None
    photos: dict[str, Image]


class BoardCell:
    """The cell with a board on the left arm's flange and one on the table; only one of them is in view at a time."""

    def __init__(self, rig: Rig, board: Board, seed: int = 0) -> None:
        self._rig, self._random = rig, np.random.default_rng(seed)
        spec = empty_scene(rig, seed)
        add_arm(spec, "left", rig.world_from_base("left"), None)
        add_board(spec, spec.body("left_wrist_3_link"), board, FLANGE_FROM_BOARD)
        lying = spec.worldbody.add_body(name="lying", mocap=True)
        add_board(spec, lying, board, np.eye(4))
        self._model = spec.compile()
        self._data = mujoco.MjData(self._model)
        self._columns = [self._model.joint(name).qposadr[0] for name in joint_names("left")]
        self._renderer = CameraRenderer(self._model, samples=4)

    def close(self) -> None:
        self._renderer.close()

    def held(self, joints_rad: Array) -> Photographed:
        """The board on the left flange."""
        self._lay(transform(np.eye(3), np.array([0.0, 0.0, -5.0])))
        self._data.qpos[self._columns] = joints_rad
        return Photographed("left", joints_rad, self._photos())

    def on_table(self, thickness_m: float, x_m: float = 0.02, y_m: float = -0.03) -> Photographed:
        """The board flat on the table, the arm out of the way."""
        self._data.qpos[self._columns] = HOME_RAD["left"]
        turn = Rotation.from_euler("zx", [15, 180], degrees=True).as_matrix()  # printed side up
        self._lay(transform(turn, np.array([x_m - 0.12, y_m + 0.12, thickness_m])))
        return Photographed("table", None, self._photos())

    def _lay(self, world_from_board: Array) -> None:
        self._data.mocap_pos[0] = world_from_board[:3, 3]
        mujoco.mju_mat2Quat(self._data.mocap_quat[0], world_from_board[:3, :3].ravel())

    def _photos(self) -> dict[str, Image]:
        mujoco.mj_forward(self._model, self._data)
        return {view: self._noisy(self._renderer.render(self._data, view)) for view in ("top", "side")}

    def _noisy(self, image: Image) -> Image:
        """As a camera delivers it: a lens a little soft, and noise of 3 grey levels."""
        soft = cv2.GaussianBlur(image.astype(np.float32), (0, 0), 0.6)
        return np.clip(soft + self._random.normal(0, 3.0, soft.shape), 0, 255).round().astype(np.uint8)


def add_board(spec: mujoco.MjSpec, body: mujoco.MjsBody, board: Board, body_from_board: Array) -> None:
    """A thin plate with the board's picture on its face."""
    name = f"board on {body.name}"
    width_m, height_m = board.size_m
    size_px = round((width_m + 2 * BORDER_M) * PX_PER_M), round((height_m + 2 * BORDER_M) * PX_PER_M)
    charuco = board.detector().getBoard()
    grey = charuco.generateImage(size_px, marginSize=round(BORDER_M * PX_PER_M))
    texture = spec.add_texture(name=name, type=mujoco.mjtTexture.mjTEXTURE_2D)
    texture.height, texture.width, texture.nchannel = *grey.shape, 3
    texture.data = (25 + 0.8 * np.repeat(grey[..., None], 3, axis=2)).astype(np.uint8).tobytes()
    material = spec.add_material(name=name, specular=0.1, shininess=0.1)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], float)
    xy = corners * [width_m + 2 * BORDER_M, height_m + 2 * BORDER_M] - BORDER_M
    mesh = spec.add_mesh(name=name, inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL)
    # z points into the board; the back is its own four points, 3 mm behind
    mesh.uservert = np.vstack([np.column_stack([xy, np.full(4, z)]) for z in (0.0, 0.003)]).ravel()
    mesh.userface = np.array([[0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7]]).ravel()
    mesh.usertexcoord = np.vstack([corners, np.zeros((4, 2))]).ravel()
    quaternion = np.empty(4)
    mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(body_from_board[:3, :3]).ravel())
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, material=name, pos=body_from_board[:3, 3], quat=quaternion,
        group=groups.VISIBLE, contype=0, conaffinity=0, mass=0,
    )  # fmt: skip


def reachable(rig: Rig, board: Board, count: int, seed: int, tilt_deg: float = 30.0) -> Iterator[Array]:
    """Joints (6,) of the left arm that show the board to both cameras, tilted at random by up to tilt_deg."""
    random = np.random.default_rng(seed)
    world_from_base = rig.world_from_base("left")
    board_from_middle = transform(np.eye(3), np.array([*np.array(board.size_m) / 2, 0.0]))
    found = 0
    while found < count:
        tilt = Rotation.from_rotvec(np.deg2rad(random.uniform(-tilt_deg, tilt_deg, 3)))
        turn = tilt * Rotation.from_euler("zx", [random.uniform(-0.5, 0.5) * tilt_deg, 180], degrees=True)
        place_m = random.uniform([-0.25, -0.10, 0.06], [0.22, 0.10, 0.22])
        world_from_board = transform(turn.as_matrix(), place_m) @ inverse(board_from_middle)
        base_from_flange = inverse(world_from_base) @ world_from_board @ inverse(FLANGE_FROM_BOARD)
        branches = solve(base_from_flange[None])[0]
        possible = branches[np.isfinite(branches).all(axis=1)]
        if len(possible):
            found += 1
            yield possible[np.abs(possible - HOME_RAD["left"]).sum(axis=1).argmin()]


def write(folder: Path, rig: Rig, board: Board, places: list[Photographed]) -> Path:
    """The folder that `dreamitate calibrate --recording` reads."""
    cameras = photo_cameras(rig)
    poses = []
    for index, place in enumerate(places):
        entry: dict[str, object] = {"held_by": place.held_by}
        if place.joints_rad is not None:
            entry["joints_rad"] = place.joints_rad.tolist()
        for view, photo in place.photos.items():
            entry[view] = f"{index:02d}_{view}.png"
            cv2.imwrite(str(folder / f"{index:02d}_{view}.png"), cv2.cvtColor(photo, cv2.COLOR_RGB2BGR))
        poses.append(entry)
    fields = ("columns", "rows", "square_m", "marker_m", "dictionary", "thickness_m")
    content = {
        "recorded_at": "2026-11-23T01:02:03+00:00",
        "board": {name: getattr(board, name) for name in fields},
        "width": cameras["top"].width,
        "height": cameras["top"].height,
        **{view: {"K": camera.K.tolist()} for view, camera in cameras.items()},
        "poses": poses,
    }
    (folder / "recording.yaml").write_text(yaml.safe_dump(content))
    return folder

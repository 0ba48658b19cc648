"""Small pictures of a tool from many sides, for finding it in a frame: its colours, or its silhouette."""

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from dreamitate_ros.capture.framing import crop_camera
from dreamitate_ros.errors import Cancelled
from dreamitate_ros.geometry import angle_rad, transform
from dreamitate_ros.track.appearance import Appearance
from dreamitate_ros.track.render import Rendering, render
from dreamitate_ros.values import Array, Camera, Stop

WINDOW_PX = 30  # a template's side
FILL = 0.95  # how much of it the tool's bounding sphere fills at the nearest depth
SURROUND_PX = 3  # how far around a silhouette nothing may look like the tool
VIEWS = 120  # viewing directions over the whole sphere, about 18 deg apart
ROLLS = 20
DETAIL = 0.4  # views showing less texture detail than this share of the best one are left out


@dataclass(frozen=True)
class Aspect:
    """What is compared. mask: (N, W * W) 1 where. pattern: (N, C * W * W) of zero mean and unit norm over the mask."""

    pattern: NDArray[np.float32]
    mask: NDArray[np.float32]

    def chosen(self, keep: NDArray[np.bool_]) -> "Aspect":
        """Of some of the templates."""
        return Aspect(self.pattern[keep], self.mask[keep])

    @staticmethod
    def together(aspects: "Sequence[Aspect]") -> "Aspect":
        """Of all templates of several."""
        return Aspect(
            np.concatenate([each.pattern for each in aspects]),
            np.concatenate([each.mask for each in aspects]),
        )


@dataclass(frozen=True)
class Templates:
    """Small pictures of a tool from many sides.

    shrink: by how much a frame is made smaller before it is compared with them. center_m: (3,) the tool's centre.
    rotation: (N, 3, 3) ray_from_tool, the ray frame's z pointing from the camera to the tool's centre.
    distance_m: (N,) to the tool's centre. silhouette: on the tool against around it. colors: on the tool; None for a
    tool of one colour.
    """

    shrink: float
    center_m: Array
    rotation: Array
    distance_m: Array
    silhouette: "Aspect"
    colors: "Aspect | None"

    def near(self, ray_from_tool: Array, within_rad: float) -> "Templates":
        """Those turned by at most `within_rad` from a rotation (3, 3)."""
        keep = angle_rad(np.swapaxes(self.rotation, 1, 2) @ ray_from_tool) <= within_rad
        return Templates(
            self.shrink,
            self.center_m,
            self.rotation[keep],
            self.distance_m[keep],
            self.silhouette.chosen(keep),
            None if self.colors is None else self.colors.chosen(keep),
        )


_latest: WeakKeyDictionary[Appearance, tuple[tuple[object, ...], Templates]] = WeakKeyDictionary()


def templates_of(
    appearance: Appearance, camera: Camera, depth_m: tuple[float, float], stop: Stop
) -> Templates:
    """Templates for tools at depths between the two given, in m; raises Cancelled when `stop` says so.

    Those of the tool's last video are kept: the next one mostly is by the same camera.
    """
    what = (camera.K.tobytes(), camera.width, camera.height, depth_m)
    kept = _latest.get(appearance)
    if kept is None or kept[0] != what:
        kept = _latest[appearance] = (what, _made(appearance, camera, depth_m, stop))
    return kept[1]


def _made(appearance: Appearance, camera: Camera, depth_m: tuple[float, float], stop: Stop) -> Templates:
    shrink = max(1.0, 2 * appearance.radius_m * camera.K[0, 0] / depth_m[0] / (FILL * WINDOW_PX))
    small = crop_camera(camera, round(camera.width / shrink), round(camera.height / shrink))
    distances = np.geomspace(*depth_m, max(2, 1 + round(np.log(depth_m[1] / depth_m[0]) / 0.13)))
    pictures = []
    for view in _views():
        if stop():
            raise Cancelled("tracking")
        pictures.append(_picture(appearance, small, view, depth_m[0]))
    most = max(picture.detail for picture in pictures)
    views = []
    for picture in (p for p in pictures if p.detail >= DETAIL * most):
        if stop():
            raise Cancelled("tracking")
        views.append(_templates(appearance, picture, distances, shrink))
    return _together(views)


def _templates(appearance: Appearance, picture: "_Picture", distances_m: Array, shrink: float) -> Templates:
    """Of one view: rolled about the ray, at every distance."""
    rolls = np.arange(ROLLS) * (2 * np.pi / ROLLS)
    turns = Rotation.from_euler("z", rolls[:, None]).as_matrix()
    rgba = []
    for scale in distances_m[0] / distances_m:
        smooth = np.asarray(cv2.GaussianBlur(picture.rgba, (0, 0), 0.8 / scale), dtype=np.float32)
        rgba += [_turned(smooth, float(roll), float(scale)) for roll in rolls]
    pictured = np.stack(rgba)
    pictured[..., :3] /= np.maximum(pictured[..., 3:], 0.3)
    masks = (pictured[..., 3] > 0.6).astype(np.float32)
    wide = np.ones((2 * SURROUND_PX + 1,) * 2)
    around = np.stack([cv2.dilate(mask, wide) for mask in masks]).astype(np.float32)
    return Templates(
        shrink,
        appearance.center_m,
        np.tile(turns @ picture.rotation, (len(distances_m), 1, 1)),
        np.repeat(distances_m, ROLLS),
        _aspect(pictured[..., 3:], around),
        _aspect(pictured[..., :3], masks) if appearance.textured or appearance.colorful else None,
    )


def _together(views: Sequence[Templates]) -> Templates:
    colors = [view.colors for view in views if view.colors is not None]
    return Templates(
        views[0].shrink,
        views[0].center_m,
        np.concatenate([view.rotation for view in views]),
        np.concatenate([view.distance_m for view in views]),
        Aspect.together([view.silhouette for view in views]),
        Aspect.together(colors) if colors else None,
    )


def ray_rotation(direction: Array) -> Array:
    """(3, 3) camera_from_ray: the smallest turn that takes the optical axis onto `direction` (3,)."""
    direction = direction / np.linalg.norm(direction)
    axis = np.cross([0.0, 0.0, 1.0], direction)
    sine = float(np.linalg.norm(axis))
    if sine < 1e-9:
        return np.eye(3)
    return np.asarray(Rotation.from_rotvec(axis / sine * np.arctan2(sine, direction[2])).as_matrix())


@dataclass(frozen=True)
class _Picture:
    rotation: Array
    rgba: NDArray[np.float32]
    detail: float


def _views() -> Array:
    """(VIEWS, 3) directions from the tool to the camera, evenly over the sphere (a Fibonacci spiral)."""
    index = np.arange(VIEWS) + 0.5
    height, turn = 1 - 2 * index / VIEWS, np.pi * (1 + 5**0.5) * index
    flat = np.sqrt(1 - height**2)
    return np.stack([flat * np.cos(turn), flat * np.sin(turn), height], axis=1)


def _picture(appearance: Appearance, small: Camera, view: Array, distance_m: float) -> _Picture:
    """The tool from direction `view`, drawn twice as large as a template at the nearest depth."""
    side = 2 * WINDOW_PX
    K = np.diag([2 * small.K[0, 0], 2 * small.K[1, 1], 1.0])
    K[:2, 2] = (side - 1) / 2
    rotation = ray_rotation(-view).T
    pose = transform(rotation, np.array([0, 0, distance_m]) - rotation @ appearance.center_m)
    drawn = render(appearance, Camera(K, side, side), pose)
    rgba = np.zeros((side, side, 4), np.float32)
    if drawn is None:
        return _Picture(rotation, rgba, 0.0)
    height, width = drawn.mask.shape
    window = rgba[drawn.y : drawn.y + height, drawn.x : drawn.x + width]
    window[..., :3], window[..., 3] = drawn.color, drawn.mask
    return _Picture(rotation, rgba, _detail(appearance, drawn))


def _detail(appearance: Appearance, drawn: Rendering) -> float:
    """How much there is to compare: texture where there is one, else area."""
    if not appearance.textured:
        return float(drawn.mask.sum())
    inside = cv2.erode(drawn.mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    slope = np.abs(cv2.Laplacian(drawn.color, cv2.CV_32F)).max(axis=2)
    return float(slope[inside].sum())


def _turned(rgba: NDArray[np.float32], roll: float, scale: float) -> NDArray[np.float32]:
    factor, old, new = 0.5 * scale, (rgba.shape[0] - 1) / 2, (WINDOW_PX - 1) / 2
    turn = factor * np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    affine = np.concatenate([turn, (new - turn @ [old, old])[:, None]], axis=1)
    turned = cv2.warpAffine(rgba, affine, (WINDOW_PX, WINDOW_PX), flags=cv2.INTER_LINEAR)
    return np.asarray(turned, dtype=np.float32)


def _flat(images: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(images.reshape(len(images), -1))


def _aspect(compared: NDArray[np.float32], mask: NDArray[np.float32]) -> Aspect:
    count = compared.shape[3] * mask.sum(axis=(1, 2))
    mean = (compared.sum(axis=3) * mask).sum(axis=(1, 2)) / count
    centred = np.moveaxis((compared - mean[:, None, None, None]) * mask[..., None], 3, 1)
    flat = _flat(np.ascontiguousarray(centred, dtype=np.float32))
    norm = np.sqrt((flat**2).sum(axis=1, keepdims=True))
    return Aspect(np.asarray(flat / np.maximum(norm, 1e-6), dtype=np.float32), _flat(mask))

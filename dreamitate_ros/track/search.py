"""Finding a tool in one frame with no hint: small coloured templates of it against every changed place."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from dreamitate_ros.capture.framing import crop_camera
from dreamitate_ros.errors import Cancelled
from dreamitate_ros.geometry import angle_rad, transform
from dreamitate_ros.track.appearance import Appearance
from dreamitate_ros.track.render import render
from dreamitate_ros.values import Array, Camera, Image, Stop

WINDOW_PX = 30  # a template's side
FILL = 0.95  # how much of it the tool's bounding sphere fills at the nearest depth
VIEWS = 120  # viewing directions over the whole sphere, about 18 deg apart
ROLLS = 20
DETAIL = 0.5  # views showing less texture detail than this share of the best one are left out
FLAT = 0.004  # variance of a patch, 0..1 squared, below which it shows no pattern
AT_ONCE = 400_000  # correlations computed between two questions whether to stop
CHANGE = 0.10  # difference to the photo, 0..1, that may be a tool


@dataclass(frozen=True)
class Templates:
    """Small pictures of a tool from many sides.

    size: width and height of the shrunken frames that they are compared with. center_m: (3,) the tool's centre.
    rotation: (N, 3, 3) ray_from_tool, the ray frame's z pointing from the camera to the tool's centre.
    distance_m: (N,) to the tool's centre. pattern: (N, 3 * W * W) zero-mean colours, unit norm, 0 off the tool.
    mask: (N, W * W) 1 on the tool.
    """

    size: tuple[int, int]
    center_m: Array
    rotation: Array
    distance_m: Array
    pattern: NDArray[np.float32]
    mask: NDArray[np.float32]

    def near(self, ray_from_tool: Array, within_rad: float) -> "Templates":
        """Those turned by at most `within_rad` from a rotation (3, 3)."""
        keep = angle_rad(np.swapaxes(self.rotation, 1, 2) @ ray_from_tool) <= within_rad
        return Templates(
            self.size,
            self.center_m,
            self.rotation[keep],
            self.distance_m[keep],
            self.pattern[keep],
            self.mask[keep],
        )


@dataclass(frozen=True)
class Sighting:
    """A place where the tool may be: camera_from_tool (4, 4) to about 15 deg and 10 % of the depth; its score."""

    camera_from_tool: Array
    score: float


@dataclass(frozen=True)
class Scene:
    """A shrunken frame ready to be searched: patches (P, 3 * W * W) around changed pixels (P, 2) x, y."""

    camera: Camera
    pixels: Array
    patches: NDArray[np.float32]


def make_templates(
    appearance: Appearance, camera: Camera, depth_m: tuple[float, float], stop: Stop
) -> Templates:
    """Templates for tools at depths between the two given, in m; raises Cancelled when `stop` says so."""
    shrink = 2 * appearance.radius_m * camera.K[0, 0] / depth_m[0] / (FILL * WINDOW_PX)
    small = crop_camera(camera, round(camera.width / shrink), round(camera.height / shrink))
    distances = np.geomspace(*depth_m, max(2, 1 + round(np.log(depth_m[1] / depth_m[0]) / 0.13)))
    pictures = []
    for view in _views():
        if stop():
            raise Cancelled("tracking")
        pictures.append(_picture(appearance, small, view, depth_m[0]))
    detail = np.array([picture.detail for picture in pictures])
    rolls = np.arange(ROLLS) * (2 * np.pi / ROLLS)
    turns = Rotation.from_euler("z", rolls[:, None]).as_matrix()
    rotation, distance, color, mask = [], [], [], []
    for picture in (p for p in pictures if p.detail >= DETAIL * detail.max()):
        if stop():
            raise Cancelled("tracking")
        for roll, turn in zip(rolls, turns, strict=True):
            for distance_m in distances:
                turned = _turned(picture.rgba, float(roll), depth_m[0] / distance_m)
                rotation.append(turn @ picture.rotation)
                distance.append(distance_m)
                color.append(turned[..., :3])
                mask.append(turned[..., 3] > 0.6)
    masks = np.stack(mask).astype(np.float32)
    return Templates(
        (small.width, small.height),
        appearance.center_m,
        np.stack(rotation),
        np.array(distance),
        _patterns(np.stack(color), masks),
        _flat(masks),
    )


def open_scene(size: tuple[int, int], camera: Camera, image: Image, photo: Image) -> Scene:
    """Shrink image (H, W, 3) to `size` and cut out the neighbourhood of every pixel that differs from the photo."""
    small, before = (
        cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        for picture in (image, photo)
    )
    changed = (np.abs(small - before).max(axis=2) > CHANGE).astype(np.uint8)
    changed = cv2.morphologyEx(changed, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    changed = cv2.morphologyEx(changed, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    rows, columns = np.nonzero(changed)
    half = WINDOW_PX // 2
    padded = cv2.copyMakeBorder(small, half, half, half, half, cv2.BORDER_CONSTANT)
    windows = sliding_window_view(padded, (WINDOW_PX, WINDOW_PX), axis=(0, 1))
    patches = windows[rows, columns].reshape(len(rows), 3 * WINDOW_PX**2)
    pixels = np.stack([columns, rows], axis=1).astype(np.float64) - 0.5
    return Scene(crop_camera(camera, *size), pixels, np.ascontiguousarray(patches))


def search(templates: Templates, scene: Scene, most: int, stop: Stop) -> list[Sighting]:
    """At most `most` sightings, best first, apart from each other in place or orientation.

    Raises Cancelled when `stop` says so.
    """
    if not len(scene.patches) or not len(templates.distance_m):
        return []
    scores = _correlation(templates, scene, stop)
    result: list[Sighting] = []
    chosen: list[tuple[int, int]] = []
    for place, template in _best_first(scores, 400 * most):
        if all(_differ(templates, scene, (place, template), other) for other in chosen):
            chosen.append((place, template))
            pose = _pose(templates, scene, int(place), int(template))
            result.append(Sighting(pose, float(scores[place, template])))
        if len(result) == most:
            break
    return result


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
    inside = cv2.erode(drawn.mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    slope = np.abs(cv2.Laplacian(drawn.color, cv2.CV_32F)).max(axis=2)
    return _Picture(rotation, rgba, float(slope[inside].sum()))


def _turned(rgba: NDArray[np.float32], roll: float, scale: float) -> NDArray[np.float32]:
    smooth = cv2.GaussianBlur(rgba, (0, 0), 0.8 / scale)
    factor, old, new = 0.5 * scale, (rgba.shape[0] - 1) / 2, (WINDOW_PX - 1) / 2
    turn = factor * np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    affine = np.concatenate([turn, (new - turn @ [old, old])[:, None]], axis=1)
    turned = cv2.warpAffine(smooth, affine, (WINDOW_PX, WINDOW_PX), flags=cv2.INTER_LINEAR)
    turned[..., :3] = turned[..., :3] / np.maximum(turned[..., 3:], 0.3)
    return np.asarray(turned, dtype=np.float32)


def _flat(images: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray(images.reshape(len(images), -1))


def _patterns(color: NDArray[np.float32], mask: NDArray[np.float32]) -> NDArray[np.float32]:
    """Channel-first, zero mean over tool and channels, unit norm."""
    count = 3 * mask.sum(axis=(1, 2))
    mean = (color.sum(axis=3) * mask).sum(axis=(1, 2)) / count
    centred = np.moveaxis((color - mean[:, None, None, None]) * mask[..., None], 3, 1)
    flat = _flat(np.ascontiguousarray(centred, dtype=np.float32))
    norm = np.sqrt((flat**2).sum(axis=1, keepdims=True))
    return np.asarray(flat / norm, dtype=np.float32)


def _correlation(templates: Templates, scene: Scene, stop: Stop) -> NDArray[np.float32]:
    """(P, N) normalised correlation of each patch with each template over the template's tool pixels."""
    channels = scene.patches.reshape(len(scene.patches), 3, -1)
    gray, squared = channels.sum(axis=1), (channels**2).sum(axis=1)
    scores = np.empty((len(scene.patches), len(templates.distance_m)), np.float32)
    step = max(1, round(AT_ONCE / len(scene.patches)))
    for first in range(0, scores.shape[1], step):
        if stop():
            raise Cancelled("tracking")
        part = slice(first, first + step)
        mask = templates.mask[part].T
        count = 3 * mask.sum(axis=0)
        energy = squared @ mask - (gray @ mask) ** 2 / count
        scores[:, part] = (
            scene.patches @ templates.pattern[part].T / np.sqrt(np.maximum(energy, FLAT * count))
        )
    return scores


def _best_first(scores: NDArray[np.float32], most: int) -> list[tuple[int, int]]:
    """Rows and columns of the `most` highest scores."""
    most = min(most, scores.size)
    highest = np.argpartition(scores, scores.size - most, axis=None)[-most:]
    highest = highest[np.argsort(-scores.ravel()[highest])]
    return list(zip(*np.unravel_index(highest, scores.shape), strict=True))


def _differ(templates: Templates, scene: Scene, a: tuple[int, int], b: tuple[int, int]) -> bool:
    apart_px = np.abs(scene.pixels[a[0]] - scene.pixels[b[0]]).max()
    return bool(
        apart_px > 3 or angle_rad(templates.rotation[a[1]].T @ templates.rotation[b[1]]) > np.radians(40)
    )


def _pose(templates: Templates, scene: Scene, place: int, template: int) -> Array:
    ray = np.linalg.inv(scene.camera.K) @ [*scene.pixels[place], 1.0]
    center = ray / np.linalg.norm(ray) * templates.distance_m[template]
    rotation = ray_rotation(ray) @ templates.rotation[template]
    return transform(rotation, center - rotation @ templates.center_m)

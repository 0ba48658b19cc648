"""Finding a tool in one frame with no hint: its templates against every place that changed since the photo."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from dreamitate_ros.capture.framing import crop_camera
from dreamitate_ros.errors import Cancelled
from dreamitate_ros.geometry import angle_rad, transform
from dreamitate_ros.track.templates import WINDOW_PX, Templates, ray_rotation
from dreamitate_ros.values import Array, Camera, Image, Stop

FLAT = 0.004  # variance of a patch, 0..1 squared, below which it shows no pattern
AT_ONCE = 400_000  # correlations computed between two questions whether to stop
CHANGE = 0.10  # difference to the photo, 0..1, that may be a tool


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

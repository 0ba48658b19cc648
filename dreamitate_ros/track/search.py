"""Finding a tool in one frame with no hint: its templates against every place that may show it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from dreamitate_ros.capture.framing import crop_camera
from dreamitate_ros.errors import Cancelled
from dreamitate_ros.geometry import transform
from dreamitate_ros.track.pyramid import shrunk
from dreamitate_ros.track.templates import WINDOW_PX, Aspect, Templates, ray_rotation
from dreamitate_ros.values import Array, Camera, Stop

FLAT = 0.004  # variance of a patch, 0..1 squared, below which it shows no pattern
APART_PX, APART_RAD = 3, np.radians(40)  # sightings that differ by less are the same
AT_ONCE = 400_000  # correlations computed between two questions whether to stop
CANDIDATE = 0.3  # likeness, 0..1, from which a place is looked at
CLOSE_PX = 5  # gaps in the likeness that are closed: a pattern's dark cells before a dark table


@dataclass(frozen=True)
class Sighting:
    """A place where the tool may be: camera_from_tool (4, 4) to about 15 deg and 10 % of the depth; its score."""

    camera_from_tool: Array
    score: float


@dataclass(frozen=True)
class Scene:
    """A shrunken frame ready to be searched, around the pixels (P, 2) x, y of interest.

    likeness: (P, W * W) and colors: (P, 3 * W * W) neighbourhoods, to be compared with a template's two aspects.
    """

    camera: Camera
    pixels: Array
    likeness: NDArray[np.float32]
    colors: NDArray[np.float32]


def open_scene(shrink: float, camera: Camera, picture: NDArray[np.float32]) -> Scene:
    """Shrink a picture (H, W, 5: RGB, likeness, known) and cut out the neighbourhood of what looks like the tool."""
    size = (round(camera.width / shrink), round(camera.height / shrink))
    small = shrunk(picture, size)
    likeness = cv2.morphologyEx(small[..., 3], cv2.MORPH_CLOSE, np.ones((CLOSE_PX, CLOSE_PX), np.uint8))
    rows, columns = np.nonzero(likeness > CANDIDATE)
    hidden = 0.5 * (1.0 - small[..., 4])  # neither for nor against
    pixels = np.stack([columns, rows], axis=1).astype(np.float64) - 0.5
    return Scene(
        crop_camera(camera, *size),
        pixels,
        _neighbourhoods(np.maximum(likeness, hidden)[..., None], rows, columns),
        _neighbourhoods(small[..., :3], rows, columns),
    )


def _neighbourhoods(
    picture: NDArray[np.float32], rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> NDArray[np.float32]:
    half = WINDOW_PX // 2
    padded = np.pad(picture, ((half, half), (half, half), (0, 0)))
    windows = sliding_window_view(padded, (WINDOW_PX, WINDOW_PX), axis=(0, 1))
    return np.ascontiguousarray(windows[rows, columns].reshape(len(rows), WINDOW_PX**2 * picture.shape[2]))


def search(templates: Templates, scene: Scene, most: int, stop: Stop) -> list[Sighting]:
    """At most `most` sightings, best first, apart from each other in place or orientation.

    Raises Cancelled when `stop` says so.
    """
    if not len(scene.pixels) or not len(templates.distance_m):
        return []
    scores = _scores(templates, scene, stop)
    places, kinds = _best_first(scores, 400 * most)
    pixels, rotations = scene.pixels[places], templates.rotation[kinds]
    chosen: list[int] = []
    left = np.ones(len(places), dtype=bool)
    while left.any() and len(chosen) < most:
        best = int(np.argmax(left))
        chosen.append(best)
        cosine = (np.einsum("nij,ij->n", rotations, rotations[best]) - 1) / 2
        near = np.abs(pixels - pixels[best]).max(axis=1) <= APART_PX
        left &= ~(near & (cosine >= np.cos(APART_RAD)))
    return [
        Sighting(_pose(templates, scene, int(places[i]), int(kinds[i])), float(scores[places[i], kinds[i]]))
        for i in chosen
    ]


def _scores(templates: Templates, scene: Scene, stop: Stop) -> NDArray[np.float32]:
    """(P, N) how well each place fits each template: the mean correlation of its aspects."""
    silhouette = _correlation(templates.silhouette, scene.likeness, stop)
    if templates.colors is None:
        return silhouette
    return 0.5 * (silhouette + _correlation(templates.colors, scene.colors, stop))


def _correlation(aspect: Aspect, patches: NDArray[np.float32], stop: Stop) -> NDArray[np.float32]:
    """(P, N) normalised correlation of each patch with each pattern over the pattern's mask."""
    channel_count = patches.shape[1] // WINDOW_PX**2
    channels = patches.reshape(len(patches), channel_count, -1)
    gray, squared = channels.sum(axis=1), (channels**2).sum(axis=1)
    scores = np.empty((len(patches), len(aspect.pattern)), np.float32)
    step = max(1, round(AT_ONCE / len(patches)))
    for first in range(0, scores.shape[1], step):
        if stop():
            raise Cancelled("tracking")
        part = slice(first, first + step)
        mask = aspect.mask[part].T
        count = channel_count * mask.sum(axis=0)
        energy = squared @ mask - (gray @ mask) ** 2 / count
        scores[:, part] = patches @ aspect.pattern[part].T / np.sqrt(np.maximum(energy, FLAT * count))
    return scores


def _best_first(scores: NDArray[np.float32], most: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the `most` highest scores."""
    most = min(most, scores.size)
    highest = np.argpartition(scores, scores.size - most, axis=None)[-most:]
    highest = highest[np.argsort(-scores.ravel()[highest])]
    rows, columns = np.unravel_index(highest, scores.shape)
    return rows, columns


def _pose(templates: Templates, scene: Scene, place: int, template: int) -> Array:
    ray = np.linalg.inv(scene.camera.K) @ [*scene.pixels[place], 1.0]
    center = ray / np.linalg.norm(ray) * templates.distance_m[template]
    rotation = ray_rotation(ray) @ templates.rotation[template]
    return transform(rotation, center - rotation @ templates.center_m)

"""A tool found in both views at one time with no hint: sightings in each, paired where their rays meet."""

from dataclasses import dataclass
from itertools import product

import numpy as np

from dreamitate_ros.geometry import apply, transform
from dreamitate_ros.rig import Rig
from dreamitate_ros.track.search import Sighting
from dreamitate_ros.values import Array

MISS = 0.06  # distance between the two rays, as a share of their length, that a sighting's pixels and views explain
DEPTH = 0.25  # difference between the depth by the rays and by the apparent size, as a share, that is none
TURN_RAD = np.radians(60)  # between two sightings of one tool: half of it is the templates' spacing


@dataclass(frozen=True)
class Guess:
    """top_from_tool: (4, 4), to a centimetre or two and about 20 deg. score: of both sightings together."""

    top_from_tool: Array
    score: float


def pair(rig: Rig, center_m: Array, top: list[Sighting], side: list[Sighting], most: int) -> list[Guess]:
    """At most `most` guesses, best first, from what both views may show; two of each pair: with either turn."""
    guesses: list[Guess] = []
    for one, other in product(top, side):
        guesses += _pair(rig, center_m, one, other)
    return sorted(guesses, key=lambda guess: -guess.score)[:most]


def _pair(rig: Rig, center_m: Array, top: Sighting, side: Sighting) -> list[Guess]:
    poses = [top.camera_from_tool, rig.top_from_side @ side.camera_from_tool]
    cosine = (float(np.vdot(poses[0][:3, :3], poses[1][:3, :3])) - 1.0) / 2.0
    turn_rad = float(np.arccos(np.clip(cosine, -1.0, 1.0)))
    if turn_rad > TURN_RAD:
        return []
    eyes = [np.zeros(3), rig.top_from_side[:3, 3]]
    seen = [apply(pose, center_m[None])[0] for pose in poses]
    met = _meet(eyes, seen)
    if met is None:
        return []
    score = top.score + side.score - 0.2 * turn_rad / TURN_RAD
    ordered = poses if top.score >= side.score else poses[::-1]
    return [Guess(_placed(pose, center_m, met), score - 0.01 * rank) for rank, pose in enumerate(ordered)]


def _meet(eyes: list[Array], seen: list[Array]) -> Array | None:
    """Where the rays from the eyes through what each saw come closest; None where that cannot be one thing."""
    rays = [point - eye for point, eye in zip(seen, eyes, strict=True)]
    lengths = np.linalg.lstsq(np.stack([rays[0], -rays[1]], axis=1), eyes[1] - eyes[0], rcond=None)[0]
    if (np.abs(lengths - 1.0) > DEPTH).any():
        return None
    ends = [eye + length * ray for eye, length, ray in zip(eyes, lengths, rays, strict=True)]
    if np.linalg.norm(ends[0] - ends[1]) > MISS * np.linalg.norm(rays[0]):
        return None
    return np.asarray((ends[0] + ends[1]) / 2)


def _placed(top_from_tool: Array, center_m: Array, center: Array) -> Array:
    rotation = top_from_tool[:3, :3]
    return transform(rotation, center - rotation @ center_m)

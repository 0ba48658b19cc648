"""Which way up a plain tool is held: turned over it may have the same outline, but not the same shades."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from dreamitate_ros.geometry import angle_rad, inverse, transform
from dreamitate_ros.rig import Rig
from dreamitate_ros.tool import Symmetry
from dreamitate_ros.track.appearance import Appearance
from dreamitate_ros.track.joint import views_from_top
from dreamitate_ros.track.observer import Observation, Observer
from dreamitate_ros.track.pyramid import Level
from dreamitate_ros.track.render import render
from dreamitate_ros.track.shading import Shades, unexplained
from dreamitate_ros.values import Array

SAME_RAD = np.radians(5)
UNLIKE = 0.08  # of agreement, by which an outline is told apart without the shades
MOST_PIXELS = 400  # of a frame
GROUND = 1e-3  # of grey: a difference between two misses that tells nothing


@dataclass(frozen=True)
class WayUp:
    """turn: (4, 4) tool_from_tool that leads there from the way it was seen.

    margin: 1 or more, by how many times worse the best other way explains the shades; infinite where every other
    way has plainly another outline.
    """

    turn: Array
    margin: float


def way_up(observer: Observer, seen: Sequence[tuple[int, Observation]]) -> WayUp:
    """How the tool is held at the times in `seen`: as it was seen, or turned over about one of its axes."""
    ways = [_way([one for _, one in seen], np.eye(4), observer)]
    for turn in half_turns(observer.footage.appearance):
        turned = _turned(observer, seen, turn)
        if turned is not None:
            ways.append(_way(turned, turn, observer))
    shades = [way.unexplained for way in ways if way.unexplained is not None]
    missed = shades if len(shades) == len(ways) else [1.0 - way.agreement for way in ways]
    best, *rest = np.argsort(missed, kind="stable")
    margin = (missed[rest[0]] + GROUND) / (missed[best] + GROUND) if rest else float("inf")
    return WayUp(ways[best].turn, margin)


def half_turns(appearance: Appearance) -> list[Array]:
    """(4, 4) each: tool_from_tool, the turns over about each axis of the tool, in place, that a silhouette may hide.

    A texture leaves no such doubt, and turns that the tool's symmetry hides are none.
    """
    if appearance.textured:
        return []
    result = []
    for signs in ((1, -1, -1), (-1, 1, -1), (-1, -1, 1)):
        turn = np.diag(np.array(signs, float))
        placed = transform(turn, appearance.center_m - turn @ appearance.center_m)
        if turn_rad(appearance.symmetry, placed, np.eye(4)) > SAME_RAD:
            result.append(placed)
    return result


def turn_rad(symmetry: Symmetry | None, one: Array, other: Array) -> float:
    """Between two poses, but for turns that the tool's symmetry hides."""
    if symmetry is not None:
        one = symmetry.nearest(one, other)
    return float(angle_rad(inverse(other) @ one))


@dataclass(frozen=True)
class _Way:
    """unexplained: of the shades, None where they tell nothing. agreement: of the outlines."""

    turn: Array
    unexplained: float | None
    agreement: float


def _way(seen: Sequence[Observation], turn: Array, observer: Observer) -> _Way:
    footage = observer.footage
    shades = [frame for one in seen for frame in _shades(footage.appearance, footage.rig, one)]
    return _Way(turn, unexplained(shades), float(np.mean([one.agreement for one in seen])))


def _turned(
    observer: Observer, seen: Sequence[tuple[int, Observation]], turn: Array
) -> list[Observation] | None:
    """All turned over and fitted again; None where that outline is plainly another."""
    found = []
    for time, one in seen:
        other = observer.turned(time, one, turn)
        if other is None or other.agreement < one.agreement - UNLIKE:
            return None
        found.append(other)
    return found


def _shades(appearance: Appearance, rig: Rig, seen: Observation) -> list[Shades]:
    """Of both views, normals along the top camera's axes."""
    result = []
    for view, (level, view_from_top) in enumerate(zip(seen.views, views_from_top(rig), strict=True)):
        if level is not None:
            shades = _shades_in(
                appearance, level, seen.pose.in_view(rig, appearance.center_m, view), view_from_top
            )
            result += [] if shades is None else [shades]
    return result


def _shades_in(
    appearance: Appearance, level: Level, camera_from_tool: Array, view_from_top: Array
) -> Shades | None:
    drawn = render(appearance, level.camera, camera_from_tool)
    if drawn is None:
        return None
    inner = cv2.erode(drawn.mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1) > 0
    chosen = np.flatnonzero(inner)
    chosen = chosen[:: max(1, round(len(chosen) / MOST_PIXELS))]
    height, width = inner.shape
    shown = level.picture[drawn.y : drawn.y + height, drawn.x : drawn.x + width].reshape(-1, 5)[chosen]
    return Shades(
        normals=drawn.normals.reshape(-1, 3)[chosen] @ view_from_top[:3, :3],
        albedo=drawn.color.reshape(-1, 3)[chosen].mean(axis=1).astype(float),
        seen=shown[:, :3].mean(axis=1).astype(float),
        weight=(shown[:, 3] * shown[:, 4]).astype(float),
    )

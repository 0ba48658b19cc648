"""All times of one track together: every view's evidence, the views' disagreement, and motion that stays smooth.

One least-squares problem over the poses of all times. Its prior is a hand's: velocity changes little between two
times. It is weak, so that where both views show the tool it flattens nothing, and where they do not it decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.spatial.transform import Rotation

from dreamitate_ros.geometry import apply, interpolate, inverse
from dreamitate_ros.rig import Rig
from dreamitate_ros.track.appearance import Appearance
from dreamitate_ros.track.evidence import Patch, evidence
from dreamitate_ros.track.joint import (
    Apart,
    Pose,
    Quadratic,
    Views,
    combine,
    draw_patches,
    limited,
    moved,
    views_from_top,
)
from dreamitate_ros.values import Array

TOGETHER, APART = 3, 3  # iterations with views that agree, and with views that disagree as measured
ACCELERATION_M_S2 = 0.7  # of a hand that does a task, standard deviation
ACCELERATION_RAD_S2 = 3.0
LONGEST_GAP = 2  # times without evidence that are bridged
BEYOND = 1  # times past the first and the last sighting that the motion is continued to
LONGEST_STEP_M = 0.01
Patches = list[Patch | None]
AGREED: Apart = (0.0005, 0.0005)  # 0.3 px at 768 of width: no view is drawn better than that
TRIAL: Apart = (0.003, 0.003)  # to see how far each view would go
MOST_APART_RAD = 0.010


@dataclass(frozen=True)
class Sight:
    """A pose, and the views by which it is judged: None for one that does not show the tool."""

    pose: Pose
    views: Views


@dataclass(frozen=True)
class Path:
    """poses: at every time, None where there is none. sigma: (T, 6) standard deviation of the tool's origin (m) and of
    its rotation (rad), but for turns that its symmetry hides, along the top camera's axes.

    apart_rad: how far the views disagree in this video. alone: (T,) how far each pose is from where its neighbours
    in time would have it, in the prior's standard deviations.
    """

    poses: list[Pose | None]
    sigma: Array
    apart_rad: Apart
    alone: Array


def smooth(
    appearance: Appearance,
    rig: Rig,
    sights: Sequence[Sight | None],
    step_s: float,
) -> Path:
    """The likeliest path through what was seen. step_s: time between two frames."""
    times = _span([sight is not None for sight in sights])
    if not times:
        count = len(sights)
        return Path([None] * count, np.full((count, 6), np.nan), AGREED, np.full(count, np.nan))
    known = [time for time in times if sights[time] is not None]
    poses = _without_leaps(appearance, _filled(sights, times, known))
    views = [None if (sight := sights[time]) is None else sight.views for time in times]
    prior = _Prior(len(times), step_s)
    patches = _drawn(appearance, rig, views, poses)
    for _ in range(TOGETHER):
        poses, _curvature = _iterate(appearance, rig, views, patches, poses, prior, AGREED)
    patches = _drawn(appearance, rig, views, poses)
    tried, _curvature = _iterate(appearance, rig, views, patches, poses, prior, TRIAL)
    apart_rad = _measured(
        appearance, rig, [pose for pose, view in zip(tried, views, strict=True) if _both(view)]
    )
    for _ in range(APART):
        poses, curvature = _iterate(appearance, rig, views, patches, poses, prior, apart_rad)
    return _path(len(sights), times, poses, curvature, prior, appearance, apart_rad)


def _iterate(
    appearance: Appearance,
    rig: Rig,
    views: list[Views | None],
    patches: list[Patches],
    poses: list[Pose],
    prior: "_Prior",
    apart_rad: Apart,
) -> tuple[list[Pose], Array]:
    """All poses, one step further, and the curvature (6 T, 6 T) of what they should satisfy."""
    said = [
        _said(appearance, rig, view, drawn, pose, apart_rad)
        for view, drawn, pose in zip(views, patches, poses, strict=True)
    ]
    curvature, slope = _joined(prior, said, appearance, poses)
    twists = np.asarray(-np.linalg.solve(curvature, slope).reshape(-1, 6), dtype=np.float64)
    steps = [limited(twist, appearance.radius_m, LONGEST_STEP_M) for twist in twists]
    return [moved(appearance, *each) for each in zip(poses, steps, said, strict=True)], curvature


def _span(seen: Sequence[bool]) -> list[int]:
    """The times of the longest stretch without a long gap, and a little beyond; never time 0, the photo."""
    stretches: list[list[int]] = []
    for time in np.flatnonzero(seen):
        if stretches and time - stretches[-1][-1] <= LONGEST_GAP + 1:
            stretches[-1].append(int(time))
        else:
            stretches.append([int(time)])
    if not stretches:
        return []
    longest = max(stretches, key=len)
    return list(range(max(1, longest[0] - BEYOND), min(len(seen), longest[-1] + BEYOND + 1)))


def _filled(sights: Sequence[Sight | None], times: list[int], known: list[int]) -> list[Pose]:
    """A first guess at every time: between two sightings on the straight way, beyond them at rest."""
    seen = [sight.pose for time in known if (sight := sights[time]) is not None]
    stacked = np.stack([pose.top_from_tool for pose in seen])
    filled = interpolate(np.array(known, float), stacked, np.array(times, float))
    return [Pose(pose, np.zeros((2, 6))) for pose in filled]


def _without_leaps(appearance: Appearance, poses: list[Pose]) -> list[Pose]:
    """The same poses; of a symmetric tool, the equivalent ones that turn least from time to time."""
    if appearance.symmetry is None:
        return poses
    result = poses[:1]
    for pose in poses[1:]:
        nearest = appearance.symmetry.nearest(pose.top_from_tool, result[-1].top_from_tool)
        result.append(replace(pose, top_from_tool=nearest))
    return result


class _Prior:
    """Second differences of position and of rotation, as a linear map of all twists (6 T,)."""

    def __init__(self, count: int, step_s: float) -> None:
        bend = np.zeros((max(0, count - 2), count))
        for row in range(len(bend)):
            bend[row, row : row + 3] = (1.0, -2.0, 1.0)
        self.weight = 1.0 / (np.array([ACCELERATION_M_S2] * 3 + [ACCELERATION_RAD_S2] * 3) * step_s**2)
        self.rows = np.kron(bend, np.diag(self.weight))
        # a weak wish to stay decides where there are but one or two times
        still = np.diff(np.eye(count), axis=0)
        self.still = np.kron(still, np.diag(0.01 * self.weight))

    def residual(self, appearance: Appearance, poses: list[Pose]) -> Array:
        """(6 (T - 2),) in standard deviations."""
        centers = np.stack([apply(pose.top_from_tool, appearance.center_m[None])[0] for pose in poses])
        turns = [
            Rotation.from_matrix((b.top_from_tool @ inverse(a.top_from_tool))[:3, :3]).as_rotvec()
            for a, b in pairwise(poses)
        ]
        if len(poses) < 3:
            return np.zeros(0)
        bend = np.concatenate([np.diff(centers, 2, axis=0), np.diff(np.stack(turns), axis=0)], axis=1)
        return np.asarray((bend * self.weight).reshape(-1))


def _drawn(appearance: Appearance, rig: Rig, views: list[Views | None], poses: list[Pose]) -> list[Patches]:
    """Of every time, to judge poses near these."""
    return [
        [] if view is None else draw_patches(appearance, rig, view, pose)
        for view, pose in zip(views, poses, strict=True)
    ]


def _said(
    appearance: Appearance, rig: Rig, views: Views | None, patches: Patches, pose: Pose, apart_rad: Apart
) -> Quadratic:
    if views is None:
        return combine(rig, (None, None), pose, apart_rad)
    words = [
        None
        if level is None or patch is None
        else evidence(patch, level, pose.in_view(rig, appearance.center_m, view), appearance.center_m)
        for view, (level, patch) in enumerate(zip(views, patches, strict=True))
    ]
    return combine(rig, words, pose, apart_rad)


def _joined(
    prior: _Prior, said: list[Quadratic], appearance: Appearance, poses: list[Pose]
) -> tuple[Array, Array]:
    """Curvature (6 T, 6 T) and slope (6 T,) of everything, at these poses."""
    curvature = prior.rows.T @ prior.rows + prior.still.T @ prior.still
    slope = prior.rows.T @ prior.residual(appearance, poses)
    for index, word in enumerate(said):
        part = slice(6 * index, 6 * index + 6)
        curvature[part, part] += word.curvature
        slope[part] += word.slope
    return curvature, slope


def _both(views: Views | None) -> bool:
    return views is not None and None not in views


def _measured(appearance: Appearance, rig: Rig, poses: list[Pose]) -> Apart:
    """How far the views disagree in this video, by how far each would go for itself."""
    if len(poses) < 3:
        return TRIAL
    apart = np.array([[picture_moved_rad(appearance, rig, pose, view) for view in (0, 1)] for pose in poses])
    top, side = np.clip(1.5 * np.median(apart, axis=0), AGREED, MOST_APART_RAD)
    return float(top), float(side)


def picture_moved_rad(appearance: Appearance, rig: Rig, pose: Pose, view: int) -> float:
    """Rms angle between where the pose puts the tool and where that view shows it."""
    points = appearance.surface[0][::16]
    shown = apply(pose.in_view(rig, appearance.center_m, view), points)
    placed = apply(views_from_top(rig)[view] @ pose.top_from_tool, points)
    moved_by = shown[:, :2] / shown[:, 2:] - placed[:, :2] / placed[:, 2:]
    return float(np.sqrt((moved_by**2).sum(axis=1).mean()))


def _path(
    count: int,
    times: list[int],
    poses: list[Pose],
    curvature: Array,
    prior: _Prior,
    appearance: Appearance,
    apart_rad: Apart,
) -> Path:
    placed: list[Pose | None] = [None] * count
    sigma, alone = np.full((count, 6), np.nan), np.full(count, np.nan)
    covariance = np.asarray(np.linalg.inv(curvature), dtype=np.float64)
    bend = np.linalg.norm(prior.residual(appearance, poses).reshape(-1, 6), axis=1)
    for index, time in enumerate(times):
        placed[time] = poses[index]
        block = covariance[6 * index : 6 * index + 6, 6 * index : 6 * index + 6]
        sigma[time] = _deviation(appearance, poses[index], block)
        near = bend[max(0, index - 2) : index + 1]
        alone[time] = float(near.max()) if len(near) else 0.0
    return Path(placed, sigma, apart_rad, alone)


def _deviation(appearance: Appearance, pose: Pose, covariance: Array) -> Array:
    """(6,) of the tool's origin and rotation, from the covariance (6, 6) of a twist about its centre."""
    rotation, seen = pose.top_from_tool[:3, :3], np.eye(6)
    if appearance.symmetry is not None and appearance.symmetry.order is None:
        axis = rotation @ appearance.symmetry.axis
        seen[3:, 3:] -= np.outer(axis, axis)
    x, y, z = rotation @ -appearance.center_m  # a turn w moves the origin by w x arm
    moves = np.eye(6)
    moves[:3, 3:] = [[0.0, z, -y], [-z, 0.0, x], [y, -x, 0.0]]
    moves = moves @ seen
    return np.sqrt(np.maximum(np.diag(moves @ covariance @ moves.T), 0.0))

"""From what was seen at each time to a track: doubles dropped, gaps bridged, confidence given."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from dreamitate_ros.geometry import apply, interpolate
from dreamitate_ros.rig import Rig
from dreamitate_ros.track.align import Alignment
from dreamitate_ros.track.appearance import Appearance
from dreamitate_ros.track.confidence import INTERPOLATED, confidence_of
from dreamitate_ros.track.follow import Observation
from dreamitate_ros.values import Array, ToolTrack

LONGEST_GAP = 2  # times missed in a row that are bridged


def drop_doubles(
    appearances: list[Appearance], observations: list[list[Observation]]
) -> list[list[Observation]]:
    """Where two tools claim the same place in a view, only the one that looks more like it keeps it."""
    result = [list(seen) for seen in observations]
    for a in range(len(result)):
        for b in range(a + 1, len(result)):
            for time in range(len(result[a])):
                for view in ("top", "side"):
                    first, second = getattr(result[a][time], view), getattr(result[b][time], view)
                    if (
                        first is None
                        or second is None
                        or not _overlap(appearances[a], first, appearances[b], second)
                    ):
                        continue
                    loser = a if first.correlation < second.correlation else b
                    result[loser][time] = replace(result[loser][time], **{view: None}, fit=None)
    return result


def assemble(name: str, times_s: Array, rig: Rig, observations: list[Observation]) -> ToolTrack:
    """The track of one tool; observations has one entry per time."""
    count = len(observations)
    poses, confidence = np.full((count, 4, 4), np.nan), np.zeros(count)
    residuals = np.full((count, 2), np.nan)
    for time, seen in enumerate(observations):
        pose = seen.top_from_tool(rig)
        if pose is None:
            continue
        poses[time], confidence[time] = pose, confidence_of(seen)
        if seen.fit is not None:
            residuals[time] = seen.fit.residual_px
    observed = np.isfinite(poses).all(axis=(1, 2))
    _bridge(times_s, poses, confidence, observed)
    return ToolTrack(name, times_s, poses, confidence, observed, residuals)


def _bridge(times_s: Array, poses: Array, confidence: Array, observed: Array) -> None:
    """Fill gaps of up to LONGEST_GAP times between observed ones, in place."""
    known = np.flatnonzero(observed)
    for before, after in pairwise(known):
        gap = np.arange(before + 1, after)
        if not 0 < len(gap) <= LONGEST_GAP:
            continue
        poses[gap] = interpolate(times_s[known], poses[known], times_s[gap])
        confidence[gap] = INTERPOLATED[len(gap)] * min(confidence[before], confidence[after])


def _overlap(a: Appearance, first: Alignment, b: Appearance, second: Alignment) -> bool:
    """Whether the two tools would cover each other in the image: two solid tools cannot."""
    one = apply(first.camera_from_tool, a.center_m[None])[0]
    other = apply(second.camera_from_tool, b.center_m[None])[0]
    apart_m = np.linalg.norm(one[:2] / one[2] - other[:2] / other[2]) * (one[2] + other[2]) / 2
    return bool(apart_m < 0.3 * (a.radius_m + b.radius_m))

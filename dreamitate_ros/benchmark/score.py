"""How far a track is from the truth, pose by pose."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dreamitate_ros.benchmark.cases import Case
from dreamitate_ros.geometry import angle_rad, inverse
from dreamitate_ros.tool import Symmetry
from dreamitate_ros.values import Array, ToolTrack

IN_VIEW = 0.5  # share of the tool that must be inside the image, in both views, for a pose to be wanted
RIGHT_MM, RIGHT_DEG = 10.0, 6.0  # a pose within both may be believed


@dataclass(frozen=True)
class Errors:
    """Per time: mm, deg (T,), NaN without a pose; wanted (T,): the tool is in view; confidence (T,)."""

    mm: Array
    deg: Array
    wanted: NDArray[np.bool_]
    confidence: Array

    @property
    def right(self) -> NDArray[np.bool_]:
        """(T,) whether the pose may be believed."""
        return (self.mm <= RIGHT_MM) & (self.deg <= RIGHT_DEG)


def errors(case: Case, track: ToolTrack) -> Errors:
    """Of a case with a truth. Turns that the tool's symmetry hides do not count."""
    assert case.top_from_tool is not None and case.inside is not None
    count = len(case.top_from_tool)
    mm, deg = np.full(count, np.nan), np.full(count, np.nan)
    for time in np.flatnonzero(track.present):
        mm[time], deg[time] = difference(
            track.top_from_tool[time], case.top_from_tool[time], case.tool.symmetry
        )
    wanted = (case.inside >= IN_VIEW) & (np.arange(count) > 0)
    return Errors(mm, deg, wanted, track.confidence)


def difference(pose: Array, truth: Array, symmetry: Symmetry | None) -> tuple[float, float]:
    """mm between the origins and deg between the rotations of two poses (4, 4)."""
    if symmetry is not None:
        pose = symmetry.nearest(pose, truth)
    between = inverse(truth) @ pose
    return 1000 * float(np.linalg.norm(between[:3, 3])), float(np.degrees(angle_rad(between)))

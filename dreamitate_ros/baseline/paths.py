"""The tools' paths as numbers a network can learn: positions, and two columns of each rotation, within -1..1."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.geometry import interpolate, transform
from dreamitate_ros.values import Array, ToolTrack

POSE = 9  # numbers of a pose: position, and the first two columns of the rotation (Zhou et al. 2019)
LEAST_SPAN = 1e-3  # of a number that hardly changes


@dataclass(frozen=True)
class PathCode:
    """tools: their names, in the order of the numbers. times: T of the video, of which the photo's has no pose.

    low, high: (9 K,) least and largest numbers in the demonstrations of K tools.
    """

    tools: tuple[str, ...]
    times: int
    low: Array
    high: Array

    @property
    def width(self) -> int:
        """9 K: numbers at each time."""
        return POSE * len(self.tools)

    def encode(self, numbers: Array) -> Array:
        """(..., 9 K) within -1..1, of what numbers_of returns."""
        return 2 * (numbers - self.low) / (self.high - self.low) - 1

    def decode(self, coded: Array, fps: float) -> list[ToolTrack]:
        """The tracks of coded (T - 1, 9 K), each pose believed; whatever the numbers, rotations are proper ones."""
        numbers = (np.clip(coded, -1, 1) + 1) / 2 * (self.high - self.low) + self.low
        return [
            _track(tool, numbers[:, POSE * index : POSE * (index + 1)], fps)
            for index, tool in enumerate(self.tools)
        ]


def fit_code(tracks: Sequence[Sequence[ToolTrack]]) -> PathCode:
    """The code for demonstrations: of each, the tracks of its tools. Raises INVALID_PARAMETER where they differ."""
    tools, times = tuple(track.tool for track in tracks[0]), len(tracks[0][0].times_s)
    for index, some in enumerate(tracks):
        if tuple(track.tool for track in some) != tools or any(len(track.times_s) != times for track in some):
            raise DreamitateError(
                ErrorCode.INVALID_PARAMETER,
                f"demonstration {index + 1} has not the tools {', '.join(tools)} at {times} times as the first one has;"
                " a baseline is trained on one task",
            )
    numbers = np.stack([numbers_of(some) for some in tracks])
    low, high = numbers.min(axis=(0, 1)), numbers.max(axis=(0, 1))
    return PathCode(tools, times, low, np.maximum(high, low + LEAST_SPAN))


def numbers_of(tracks: Sequence[ToolTrack]) -> Array:
    """(T - 1, 9 K) of the tracks of K tools, from time 1 on; where there is no pose, from its neighbours in time."""
    parts = []
    for track in tracks:
        known = np.flatnonzero(track.present & (track.times_s > 0))
        if len(known) == 0:
            raise DreamitateError(
                ErrorCode.INVALID_PARAMETER, f"a demonstration shows no pose of the {track.tool} tool"
            )
        poses = interpolate(track.times_s[known], track.top_from_tool[known], track.times_s[1:])
        parts.append(np.concatenate([poses[:, :3, 3], poses[:, :3, 0], poses[:, :3, 1]], axis=1))
    return np.concatenate(parts, axis=1)


def _track(tool: str, numbers: Array, fps: float) -> ToolTrack:
    """numbers: (T - 1, 9)."""
    count = len(numbers) + 1
    poses = np.full((count, 4, 4), np.nan)
    poses[1:] = transform(_rotations(numbers[:, 3:6], numbers[:, 6:9]), numbers[:, :3])
    seen = np.arange(count) > 0
    return ToolTrack(
        tool=tool,
        times_s=np.arange(count) / fps,
        top_from_tool=poses,
        confidence=seen.astype(float),
        observed=seen,
        residuals_px=np.full((count, 2), np.nan),
        sigma=np.full((count, 6), np.nan),
    )


def _rotations(x: Array, y: Array) -> Array:
    """(N, 3, 3) whose first column points along x (N, 3), and whose second is nearest to y (N, 3)."""
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    y = y - (x * y).sum(axis=1, keepdims=True) * x
    y = y / np.linalg.norm(y, axis=1, keepdims=True)
    return np.stack([x, y, np.cross(x, y)], axis=2)

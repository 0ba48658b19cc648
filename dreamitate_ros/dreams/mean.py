"""The mean of several dreams of one scene: what they agree on is what the photos tell, the rest is made up by each."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from dreamitate_ros.geometry import transform
from dreamitate_ros.values import Array, ToolTrack


def mean_tracks(dreams: Sequence[Sequence[ToolTrack]]) -> list[ToolTrack]:
    """Each tool's mean path, poses weighted by their confidence, at the times at which half of the dreams show it.

    dreams: each one's tracks, of the same tools in the same order, in the same camera's frame.
    """
    return [_mean(tracks) for tracks in zip(*dreams, strict=True)]


def nearest(dreams: Sequence[Sequence[ToolTrack]], tracks: Sequence[ToolTrack]) -> int:
    """Index of the dream whose tools keep nearest to `tracks`, the earliest of equals."""
    return int(np.argmin([_apart_m(dream, tracks) for dream in dreams]))


def _mean(tracks: Sequence[ToolTrack]) -> ToolTrack:
    weights = np.stack([np.where(track.present, track.confidence, 0.0) for track in tracks])
    counted = weights > 0
    shown = 2 * counted.sum(axis=0) >= len(tracks)
    seen = np.stack([track.top_from_tool for track in tracks])
    poses = np.full_like(seen[0], np.nan)
    for time in np.flatnonzero(shown):
        among = counted[:, time]
        poses[time] = _mean_pose(seen[among, time], weights[among, time])
    return ToolTrack(
        tool=tracks[0].tool,
        times_s=tracks[0].times_s,
        top_from_tool=poses,
        confidence=np.where(shown, weights.sum(axis=0) / np.maximum(counted.sum(axis=0), 1), 0.0),
        observed=shown & np.any([track.observed for track in tracks], axis=0),
        residuals_px=_mean_known([track.residuals_px for track in tracks], shown),
        sigma=_mean_known([track.sigma for track in tracks], shown),
    )


def _mean_pose(poses: Array, weights: Array) -> Array:
    """(4, 4) of poses (N, 4, 4)."""
    rotation = Rotation.from_matrix(poses[:, :3, :3]).mean(weights).as_matrix()
    return transform(rotation, np.average(poses[:, :3, 3], axis=0, weights=weights))


def _mean_known(values: Sequence[Array], shown: NDArray[np.bool_]) -> Array:
    """(T, K) mean of those that are known at the times `shown`; NaN elsewhere."""
    mean = np.ma.masked_invalid(np.stack(values)).mean(axis=0).filled(np.nan)
    return np.where(shown[:, None], mean, np.nan)


def _apart_m(one: Sequence[ToolTrack], other: Sequence[ToolTrack]) -> float:
    """Mean distance of the tools' positions over the times at which both show them; inf where there is none."""
    distances_m = np.concatenate([_distances_m(*tracks) for tracks in zip(one, other, strict=True)])
    return float(distances_m.mean()) if len(distances_m) else float("inf")


def _distances_m(one: ToolTrack, other: ToolTrack) -> Array:
    both = one.present & other.present
    apart = one.top_from_tool[both, :3, 3] - other.top_from_tool[both, :3, 3]
    return np.asarray(np.linalg.norm(apart, axis=1))

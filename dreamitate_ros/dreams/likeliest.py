"""Of several dreams of one scene, the one that the others resemble most: where most of them agree is likely right."""

from collections.abc import Sequence

import numpy as np

from dreamitate_ros.values import Array, ToolTrack


def likeliest(dreams: Sequence[Sequence[ToolTrack]]) -> int:
    """Index of the dream with the least mean distance to all others, the earliest of equals (the medoid).

    dreams: each one's tracks, of the same tools in the same order.
    """
    apart_m = np.array([[_apart_m(one, other) for other in dreams] for one in dreams])
    np.fill_diagonal(apart_m, np.nan)
    return int(np.ma.masked_invalid(apart_m).mean(axis=1).filled(np.inf).argmin())


def _apart_m(one: Sequence[ToolTrack], other: Sequence[ToolTrack]) -> float:
    """Mean distance of the tools' positions over the times at which both dreams show them; NaN where there is none."""
    distances_m = np.concatenate([_distances_m(*tracks) for tracks in zip(one, other, strict=True)])
    return float(distances_m.mean()) if len(distances_m) else float("nan")


def _distances_m(one: ToolTrack, other: ToolTrack) -> Array:
    both = one.present & other.present
    return np.asarray(
        np.linalg.norm(one.top_from_tool[both, :3, 3] - other.top_from_tool[both, :3, 3], axis=1)
    )

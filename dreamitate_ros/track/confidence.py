"""How far a pose is to be believed, 0..1, from what was measured; a gate of 0.5 is meant to tell good from bad."""

import numpy as np

from dreamitate_ros.track.follow import Observation

SINGLE_VIEW = 0.45  # at most, when only one view saw the tool: its depth is then a guess
INTERPOLATED = {1: 0.7, 2: 0.5}  # share of the neighbours' confidence kept over a gap of that many times


def confidence_of(seen: Observation) -> float:
    """0 where nothing was seen. Measured: likeness and visible share in each view, and the views' disagreement."""
    views = [view for view in (seen.top, seen.side) if view is not None]
    if not views:
        return 0.0
    likeness = min(_rise(view.correlation, 0.5, 0.8) for view in views)
    visible = min(_rise(view.inside * view.inliers, 0.2, 0.6) for view in views)
    if seen.fit is None:
        return SINGLE_VIEW * likeness * visible
    return float(likeness * visible * (1.0 - seen.fit.contradiction))


def _rise(value: float, low: float, high: float) -> float:
    """0 below low, 1 above high, straight between."""
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))

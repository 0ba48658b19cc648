"""How far the two views of a video disagree about a tool, in a unit that does not depend on the images' size."""

import numpy as np

from dreamitate_ros.values import Array, ToolTrack

REFERENCE_WIDTH_PX = 768
"""Of the images that pixels are told in."""


def views_apart_px(track: ToolTrack, width_px: int) -> Array:
    """(M,) at the times that were measured in both views, px at REFERENCE_WIDTH_PX. width_px: of the rig's images."""
    apart_px = track.residuals_px.sum(axis=1) * REFERENCE_WIDTH_PX / width_px
    return np.asarray(apart_px[np.isfinite(apart_px)])

"""How far from the cameras the tools are: about where the cameras' optical axes cross."""

import numpy as np

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.rig import Rig

NEAREST, FARTHEST = 0.65, 0.95  # depth of the tools, as shares of the depth where the cameras' axes cross


def working_depth_m(rig: Rig) -> tuple[float, float]:
    """Nearest and farthest depth of the tools in m, from where the cameras' optical axes come closest."""
    origin, axis = rig.top_from_side[:3, 3], rig.top_from_side[:3, 2]
    ahead = np.array([0.0, 0.0, 1.0])
    steepness = np.linalg.norm(np.cross(ahead, axis))
    if steepness < 0.05:
        raise DreamitateError(
            ErrorCode.INVALID_RIG,
            "the cameras of the rig look in the same direction; the tracker needs views that cross over the table:"
            " check 'top_from_side'",
        )
    crossing_m = float(np.linalg.lstsq(np.stack([ahead, -axis], axis=1), origin, rcond=None)[0][0])
    if crossing_m <= 0:
        raise DreamitateError(
            ErrorCode.INVALID_RIG,
            "the optical axes of the rig's cameras cross behind them; check 'top_from_side' (is it inverted?)",
        )
    return NEAREST * crossing_m, FARTHEST * crossing_m

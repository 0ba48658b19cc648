"""How high tools go: imagined depth wobbles, the table does not. Paths are raised out of it or landed to work on it."""

import numpy as np
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.collision import lowest_point_m
from dreamitate_ros.task import Task
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Array

DENSE_HZ = 30.0
"""Poses a second of video, of a path."""

TABLE_CLEARANCE_M = 0.002  # more than what a path between its poses may dip
LARGEST_LIFT_M = 0.07
"""Annotated tracks of real clips run up to 31 mm too low, the small model's up to 70."""

LIFT_EASES_S = 0.5  # imagined time that a lift takes to come and go
LANDING_EASES_S = 0.2


def height_changes_m(
    arm: str, world_from_tool: Array, tool: Tool, task: Task, allowed_lift_m: float
) -> Array:
    """(N,) for each time of a dense path (N, 4, 4): by what it is raised, or where negative lowered.

    First landed, see _landings_m; then raised where it would still run into the table, at most by allowed_lift_m.
    Raises COLLISION where that is not enough.
    """
    heights_m = lowest_point_m(tool, world_from_tool)
    landings_m = _landings_m(heights_m, task)
    return np.asarray(landings_m + _lifts_m(arm, heights_m + landings_m, allowed_lift_m))


def _landings_m(heights_m: Array, task: Task) -> Array:
    """(N,) by what a tool at work comes down: to contact_height_m where it is less than contact_within_m above it.

    From there to twice as high less and less: what is higher is on its way. heights_m: (N,) of its lowest point.
    """
    if task.contact_within_m == 0.0:
        return np.zeros_like(heights_m)
    above_m = heights_m - max(task.contact_height_m, TABLE_CLEARANCE_M)
    drops_m = np.clip(2 * task.contact_within_m - above_m, 0.0, np.clip(above_m, 0.0, None))
    return -uniform_filter1d(drops_m, round(LANDING_EASES_S * DENSE_HZ), mode="nearest")


def _lifts_m(arm: str, heights_m: Array, allowed_lift_m: float) -> Array:
    """(N,) for each time of the path, raised where it must be to clear the table and easing in and out of that.

    Raised as a whole, a path with one pose too low would miss low things. heights_m: (N,) of the lowest point.
    """
    needed_m = np.maximum(0.0, TABLE_CLEARANCE_M - heights_m)
    if needed_m.max() > allowed_lift_m:
        raise DreamitateError(
            ErrorCode.COLLISION,
            f"the {arm} tool would run {max(0.0, -1e3 * heights_m.min()):.0f} mm into the table. The smallest change"
            f" that makes it feasible: the {arm} path raised by {1e3 * needed_m.max():.1f} mm; trajectory_executor's"
            f" parameter largest_lift_mm allows {1e3 * allowed_lift_m:g}. Or check the tracks and the rig's"
            " world_from_top",
        )
    span = round(LIFT_EASES_S * DENSE_HZ)
    return np.asarray(
        uniform_filter1d(maximum_filter1d(needed_m, span, mode="nearest"), span, mode="nearest")
    )

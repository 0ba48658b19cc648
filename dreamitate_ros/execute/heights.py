"""How high tools go: imagined depth wobbles, the table does not. Paths land on it to work, and are raised out of it."""

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


def height_changes_m(
    arm: str, world_from_tool: Array, tool: Tool, task: Task, allowed_lift_m: float
) -> Array:
    """(N,) for each time of a dense path (N, 4, 4): by what it is raised, or where negative lowered.

    Where the tool is at work it acts at contact_height_m; what would still run into the table is raised.
    Raises COLLISION where the path as it is lies deeper in the table than allowed_lift_m.
    """
    heights_m = lowest_point_m(tool, world_from_tool)
    _require_lift(arm, heights_m, allowed_lift_m)
    landings_m = at_work(heights_m, task) * (_contact_height_m(task) - heights_m)
    return np.asarray(landings_m + _lifts_m(heights_m + landings_m))


def at_work(heights_m: Array, task: Task) -> Array:
    """(N,) 1 where a tool's lowest point is within contact_within_m of contact_height_m, 0 from twice as far on.

    In between it is on its way there, and smoothly less at work. heights_m: (N,) over the table.
    """
    if task.contact_within_m == 0.0:
        return np.zeros_like(heights_m)
    away = np.clip(np.abs(heights_m - _contact_height_m(task)) / task.contact_within_m - 1.0, 0.0, 1.0)
    return np.asarray(1.0 - away**2 * (3.0 - 2.0 * away))


def _contact_height_m(task: Task) -> float:
    return max(task.contact_height_m, TABLE_CLEARANCE_M)


def _lifts_m(heights_m: Array) -> Array:
    """(N,) for each time of the path, raised where it must be to clear the table and easing in and out of that.

    Raised as a whole, a path with one pose too low would miss low things. heights_m: (N,) of the lowest point.
    """
    needed_m = np.maximum(0.0, TABLE_CLEARANCE_M - heights_m)
    span = round(LIFT_EASES_S * DENSE_HZ)
    return np.asarray(
        uniform_filter1d(maximum_filter1d(needed_m, span, mode="nearest"), span, mode="nearest")
    )


def _require_lift(arm: str, heights_m: Array, allowed_lift_m: float) -> None:
    needed_m = max(0.0, TABLE_CLEARANCE_M - float(heights_m.min()))
    if needed_m > allowed_lift_m:
        raise DreamitateError(
            ErrorCode.COLLISION,
            f"the {arm} tool would run {max(0.0, -1e3 * heights_m.min()):.0f} mm into the table. The smallest change"
            f" that makes it feasible: the {arm} path raised by {1e3 * needed_m:.1f} mm; trajectory_executor's"
            f" parameter largest_lift_mm allows {1e3 * allowed_lift_m:g}. Or check the tracks and the rig's"
            " world_from_top",
        )

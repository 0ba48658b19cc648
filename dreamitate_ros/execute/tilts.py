"""How a tool at work stands on the table: imagined turns wobble, and a brush that is tilted sweeps with one corner."""

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.spatial.transform import Rotation

from dreamitate_ros.execute.heights import DENSE_HZ, at_work
from dreamitate_ros.task import Task
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Array

BASE_M = 0.02
"""A tool rests on two corners that are at least so far apart."""

EASES_S = 0.2  # imagined time that leveling takes to come and go


def leveled(world_from_tool: Array, tool: Tool, task: Task) -> Array:
    """(N, 4, 4) a dense path (N, 4, 4) whose tool, where it is at work, rests on two corners in place of one.

    It is tilted about its lowest corner as little as that takes, and fully where it takes contact_within_deg or less;
    from there to twice as much, less and less: a tool that is held askew stays so.
    """
    if task.contact_within_deg == 0.0:
        return world_from_tool
    corners_m = np.asarray(tool.mesh.convex_hull.vertices, float) @ np.swapaxes(
        world_from_tool[:, :3, :3], 1, 2
    )
    lowest_m = corners_m[np.arange(len(corners_m)), corners_m[..., 2].argmin(axis=1)]
    heights_m = lowest_m[:, 2] + world_from_tool[:, 2, 3]
    turns = at_work(heights_m, task)[:, None] * _turns(
        corners_m - lowest_m[:, None], np.deg2rad(task.contact_within_deg)
    )
    turns = uniform_filter1d(turns, round(EASES_S * DENSE_HZ), axis=0, mode="nearest")
    rotations = Rotation.from_rotvec(turns).as_matrix()
    result = world_from_tool.copy()
    result[:, :3, :3] = rotations @ world_from_tool[:, :3, :3]
    result[:, :3, 3] += lowest_m - (rotations @ lowest_m[..., None])[..., 0]
    return result


def _turns(from_lowest_m: Array, within_rad: float) -> Array:
    """(N, 3) rotation vectors, level with the table, that bring a second corner down to the lowest one's height.

    from_lowest_m: (N, C, 3) the corners from the lowest one on, world axes.
    """
    away_m = np.linalg.norm(from_lowest_m[..., :2], axis=-1)
    angles_rad = np.where(
        away_m >= BASE_M, np.arctan2(from_lowest_m[..., 2], np.maximum(away_m, BASE_M)), np.inf
    )
    second = angles_rad.argmin(axis=1)
    each = np.arange(len(second))
    angle_rad = angles_rad[each, second]
    towards = from_lowest_m[each, second, :2] / np.maximum(away_m[each, second], BASE_M)[:, None]
    taken_rad = np.minimum(angle_rad, np.clip(2 * within_rad - angle_rad, 0.0, None))
    return taken_rad[:, None] * np.column_stack([-towards[:, 1], towards[:, 0], np.zeros(len(second))])

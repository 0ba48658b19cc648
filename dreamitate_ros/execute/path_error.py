"""How far the measured tool was from the path asked for."""

import numpy as np
from scipy.interpolate import interp1d

from dreamitate_ros.execute.kinematics import flange_pose
from dreamitate_ros.geometry import angle_rad, inverse
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import ArmTrajectory, Array


def path_error(
    trajectory: ArmTrajectory, tool: Tool, times_s: Array, positions: Array
) -> tuple[Array, Array]:
    """((K,) mm, (K,) deg) at the path's poses, from joints (M, 6) measured at times_s (M,) from the start.

    Each pose is compared with the tool at the same instant, the controller's delay included; NaN at those the
    measurement does not reach.
    """
    asked = trajectory.path
    if len(times_s) < 2:
        return np.full(len(asked.times_s), np.nan), np.full(len(asked.times_s), np.nan)
    joints = interp1d(times_s, positions, axis=0, bounds_error=False, fill_value=np.nan)(asked.times_s)
    known = np.isfinite(joints).all(axis=1)
    base_from_tool = flange_pose(np.nan_to_num(joints)) @ tool.flange_from_tool
    error = inverse(asked.base_from_tool) @ base_from_tool
    position_mm = 1e3 * np.linalg.norm(error[:, :3, 3], axis=1)
    return np.where(known, position_mm, np.nan), np.where(known, np.rad2deg(angle_rad(error)), np.nan)

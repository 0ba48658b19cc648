"""Small motions of a tool about its centre, along a camera's axes, and how pixels move with them."""

import cv2
import numpy as np

from dreamitate_ros.geometry import transform
from dreamitate_ros.values import Array, Camera


def perturb(camera_from_tool: Array, center_m: Array, twist: Array) -> Array:
    """Move by twist (6,): translation in m, then rotation vector in rad about the tool's centre, camera axes."""
    turn = np.asarray(cv2.Rodrigues(twist[3:])[0])
    center = camera_from_tool[:3, :3] @ center_m + camera_from_tool[:3, 3]
    rotation = turn @ camera_from_tool[:3, :3]
    return transform(rotation, center + twist[:3] - rotation @ center_m)


def pixel_jacobian(camera: Camera, points: Array, center: Array) -> Array:
    """(N, 2, 6) how the pixels of points (N, 3) in the camera frame move with a twist about `center` (3,)."""
    x, y, z = points.T
    arm_x, arm_y, arm_z = (points - center).T
    u_x, u_z = camera.K[0, 0] / z, -camera.K[0, 0] * x / z**2
    v_y, v_z = camera.K[1, 1] / z, -camera.K[1, 1] * y / z**2
    result = np.zeros((len(points), 2, 6))
    result[:, 0, 0], result[:, 0, 2] = u_x, u_z
    result[:, 1, 1], result[:, 1, 2] = v_y, v_z
    # a turn w moves a point by w x arm
    result[:, 0, 3], result[:, 0, 4], result[:, 0, 5] = u_z * arm_y, u_x * arm_z - u_z * arm_x, -u_x * arm_y
    result[:, 1, 3], result[:, 1, 4], result[:, 1, 5] = v_z * arm_y - v_y * arm_z, -v_z * arm_x, v_y * arm_x
    return result


def turned(target_from_source: Array) -> Array:
    """(6, 6) turns a twist along the source frame's axes into one along the target's."""
    rotation, zero = target_from_source[:3, :3], np.zeros((3, 3))
    return np.block([[rotation, zero], [zero, rotation]])

"""Rigid transforms as (..., 4, 4) arrays named target_from_source, and pinhole projection. Metres, rad."""

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.spatial.transform import Rotation, Slerp

from dreamitate_ros.values import Array, Camera


def transform(rotation: Array, translation: Array) -> Array:
    """(..., 4, 4) from rotation matrices (..., 3, 3) and translations (..., 3)."""
    rotation, translation = np.asarray(rotation, float), np.asarray(translation, float)
    shape = np.broadcast_shapes(rotation.shape[:-2], translation.shape[:-1])
    result = np.zeros((*shape, 4, 4))
    result[..., :3, :3] = rotation
    result[..., :3, 3] = translation
    result[..., 3, 3] = 1.0
    return result


def inverse(target_from_source: Array) -> Array:
    """source_from_target for rigid transforms (..., 4, 4)."""
    rotation = np.swapaxes(target_from_source[..., :3, :3], -1, -2)
    return transform(rotation, -(rotation @ target_from_source[..., :3, 3:])[..., 0])


def apply(target_from_source: Array, points_m: Array) -> Array:
    """(..., N, 3) points of the source frame, in the target frame."""
    rotation = np.swapaxes(target_from_source[..., :3, :3], -1, -2)
    return points_m @ rotation + target_from_source[..., None, :3, 3]


def project(camera: Camera, points_m: Array) -> Array:
    """(..., 2) px of points (..., 3) in the camera's optical frame; those behind it give NaN."""
    z = np.where(points_m[..., 2:] > 1e-6, points_m[..., 2:], np.nan)
    homogeneous = (points_m / z) @ camera.K.T
    return np.asarray(homogeneous[..., :2])


def angle_rad(a_from_b: Array) -> Array:
    """(...) rotation angle of transforms (..., 4, 4) or rotations (..., 3, 3)."""
    rotations = np.asarray(a_from_b)[..., :3, :3]
    return np.asarray(
        Rotation.from_matrix(rotations.reshape(-1, 3, 3)).magnitude().reshape(rotations.shape[:-2])
    )


def is_rigid(matrix: Array, tolerance: float = 1e-4) -> bool:
    """Whether (4, 4) holds an orthonormal, right-handed rotation, a translation and the row 0 0 0 1."""
    rotation = matrix[:3, :3]
    return (
        bool(np.isfinite(matrix).all())
        and np.allclose(rotation @ rotation.T, np.eye(3), atol=tolerance)
        and float(np.linalg.det(rotation)) > 0
        and np.allclose(matrix[3], [0, 0, 0, 1], atol=tolerance)
    )


def interpolate(times_s: Array, poses: Array, at_s: Array) -> Array:
    """(M, 4, 4) poses at at_s, within [times_s[0], times_s[-1]].

    Translation by a monotone cubic (no overshoot at a stop), rotation by slerp; (N, 4, 4) poses, N >= 1.
    """
    if len(times_s) == 1:
        return np.repeat(poses, len(at_s), axis=0)
    at_s = np.clip(at_s, times_s[0], times_s[-1])
    rotations = Slerp(times_s, Rotation.from_matrix(poses[:, :3, :3]))(at_s).as_matrix()
    return transform(rotations, PchipInterpolator(times_s, poses[:, :3, 3])(at_s))

"""Where a UR5e's flange is for given joints, and all joints that take it to a given place. Closed form."""

import numpy as np

from dreamitate_ros.execute.ur5e import (
    A2_M,
    A3_M,
    D4_M,
    D6_M,
    DH_A_M,
    DH_ALPHA_RAD,
    DH_D_M,
    POSITION_LIMIT_RAD,
)
from dreamitate_ros.geometry import inverse
from dreamitate_ros.values import Array

BASE_LINK_FROM_BASE = np.diag([-1.0, -1.0, 1.0, 1.0])
"""REP-103's base_link is the controller's base turned half a turn about z."""

BRANCHES = 8  # shoulder left/right x elbow up/down x wrist flipped or not


def flange_pose(joints_rad: Array) -> Array:
    """(..., 4, 4) base_link_from_tool0 for joints (..., 6)."""
    joints_rad = np.asarray(joints_rad, float)
    pose = np.broadcast_to(BASE_LINK_FROM_BASE, (*joints_rad.shape[:-1], 4, 4))
    for joint in range(6):
        pose = pose @ _dh(joints_rad[..., joint], joint)
    return pose


def flange_jacobian(joints_rad: Array) -> Array:
    """(..., 6, 6) tool0's linear (m) and angular (rad) velocity in base_link per joint velocity."""
    joints_rad = np.asarray(joints_rad, float)
    pose = np.broadcast_to(BASE_LINK_FROM_BASE, (*joints_rad.shape[:-1], 4, 4))
    origins, axes = [], []
    for joint in range(6):
        origins.append(pose[..., :3, 3])
        axes.append(pose[..., :3, 2])
        pose = pose @ _dh(joints_rad[..., joint], joint)
    arms = [np.cross(axis, pose[..., :3, 3] - origin) for origin, axis in zip(origins, axes, strict=True)]
    return np.concatenate([np.stack(arms, axis=-1), np.stack(axes, axis=-1)], axis=-2)


def solve(base_link_from_tool0: Array) -> Array:
    """(N, 8, 6) joint solutions of N flange poses (N, 4, 4), in (-pi, pi]; NaN where a branch has none.

    One column is one branch (shoulder, wrist, elbow) all along a continuous path, apart from turns of 2 pi.
    The geometry: the wrist's offset d4 fixes the shoulder, the flange's axis wrist 2 and 3, and the
    triangle of upper arm and forearm the rest.
    """
    pose = BASE_LINK_FROM_BASE @ np.asarray(base_link_from_tool0, float).reshape(-1, 4, 4)
    solutions = np.full((len(pose), BRANCHES, 6), np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        for branch in range(BRANCHES):
            shoulder, wrist, elbow = (1 if branch & bit else -1 for bit in (4, 2, 1))
            solutions[:, branch] = _branch(pose, shoulder, wrist, elbow)
    solutions = np.mod(solutions + np.pi, 2 * np.pi) - np.pi
    solutions[~np.isfinite(solutions).all(axis=-1)] = np.nan
    return solutions


def with_turns(joints_rad: Array) -> Array:
    """(K, 6) all variants of joints (6,) by whole turns that lie within the position limits."""
    choices = []
    for angle, limit in zip(joints_rad, POSITION_LIMIT_RAD, strict=True):
        turned = angle + 2 * np.pi * np.arange(-1, 2)
        choices.append(turned[np.abs(turned) <= limit])
    grid = np.meshgrid(*choices, indexing="ij")
    return np.stack([axis.ravel() for axis in grid], axis=-1)


def reach_excess_m(base_link_from_tool0: Array) -> tuple[Array, Array]:
    """For poses (N, 4, 4): (N,) m from the shoulder to the wrist, and (N,) m by which that is out of reach.

    Positive beyond the stretched arm; negative (a distance short) inside the folded arm or the shoulder's
    column; 0 where the wrist is within reach.
    """
    pose = BASE_LINK_FROM_BASE @ np.asarray(base_link_from_tool0, float).reshape(-1, 4, 4)
    wrist = pose[:, :3, 3] - D6_M * pose[:, :3, 2]
    distance = np.linalg.norm(wrist - [0.0, 0.0, DH_D_M[0]], axis=1)
    folded, stretched = abs(A2_M - A3_M), abs(A2_M + A3_M)
    short = np.full((len(pose), 4), np.nan)
    with np.errstate(invalid="ignore"):
        for column, (shoulder, flip) in enumerate(((1, 1), (1, -1), (-1, 1), (-1, -1))):
            span = np.linalg.norm(_planar(pose, shoulder, flip)[2], axis=1)
            short[:, column] = np.where(span > stretched, span - stretched, np.minimum(span - folded, 0))
    column_m = np.minimum(np.linalg.norm(wrist[:, :2], axis=1) - D4_M, 0)
    best = np.where(np.isnan(short), np.inf, np.abs(short)).argmin(axis=1)
    chosen = short[np.arange(len(pose)), best]
    return distance, np.where(np.isnan(chosen), column_m, chosen)


def _branch(pose: Array, shoulder: int, wrist: int, elbow: int) -> Array:
    """(N, 6) one branch's joints, NaN where it does not reach."""
    pan, wrist_2, planar, wrist_3, base_from_wrist_1 = _planar_parts(pose, shoulder, wrist)
    span = np.linalg.norm(planar, axis=1)
    cosine = (span**2 - A2_M**2 - A3_M**2) / (2 * A2_M * A3_M)
    bend = elbow * _arccos(cosine)
    lift = np.arctan2(planar[:, 1], planar[:, 0]) - np.arctan2(
        A3_M * np.sin(bend), A2_M + A3_M * np.cos(bend)
    )
    total = np.arctan2(base_from_wrist_1[:, 1, 0], base_from_wrist_1[:, 0, 0])
    return np.stack([pan, lift, bend, total - lift - bend, wrist_2, wrist_3], axis=-1)


def _planar(pose: Array, shoulder: int, wrist: int) -> tuple[Array, Array, Array]:
    pan, wrist_2, planar, _, _ = _planar_parts(pose, shoulder, wrist)
    return pan, wrist_2, planar


def _planar_parts(pose: Array, shoulder: int, wrist: int) -> tuple[Array, Array, Array, Array, Array]:
    """Shoulder pan, wrist 2, the wrist's (N, 2) place in the arm's plane, wrist 3, and shoulder_from_wrist_1."""
    centre = pose[:, :3, 3] - D6_M * pose[:, :3, 2]
    radius = np.hypot(centre[:, 0], centre[:, 1])
    pan = np.arctan2(centre[:, 1], centre[:, 0]) + shoulder * _arccos(D4_M / radius) + np.pi / 2
    s, c = np.sin(pan), np.cos(pan)
    position, rotation = pose[:, :3, 3], pose[:, :3, :3]
    wrist_2 = wrist * _arccos((position[:, 0] * s - position[:, 1] * c - D4_M) / D6_M)
    sign = np.where(np.sin(wrist_2) < 0, -1.0, 1.0)
    across = -rotation[:, 0, 1] * s + rotation[:, 1, 1] * c
    along = rotation[:, 0, 0] * s - rotation[:, 1, 0] * c
    wrist_3 = np.arctan2(sign * across, sign * along)
    shoulder_from_wrist_1 = inverse(_dh(pan, 0)) @ pose @ inverse(_dh(wrist_2, 4) @ _dh(wrist_3, 5))
    elbow_end = shoulder_from_wrist_1[:, :3, 3] - D4_M * shoulder_from_wrist_1[:, :3, 1]
    # wrist 1's own frame has its y along the common axis: the in-plane turn is that of its x axis
    return pan, wrist_2, elbow_end[:, :2], wrist_3, shoulder_from_wrist_1


def _dh(angle_rad: Array, joint: int) -> Array:
    """(..., 4, 4) one link of the standard Denavit-Hartenberg chain."""
    angle_rad = np.asarray(angle_rad, float)
    cosine, sine = np.cos(angle_rad), np.sin(angle_rad)
    c, s = np.cos(DH_ALPHA_RAD[joint]), np.sin(DH_ALPHA_RAD[joint])
    link = np.zeros((*angle_rad.shape, 4, 4))
    link[..., 0, :] = np.stack(
        [cosine, -sine * c, sine * s, np.broadcast_to(DH_A_M[joint], cosine.shape) * cosine], axis=-1
    )
    link[..., 1, :] = np.stack([sine, cosine * c, -cosine * s, DH_A_M[joint] * sine], axis=-1)
    link[..., 2, 1:] = [s, c, DH_D_M[joint]]
    link[..., 3, 3] = 1.0
    return link


def _arccos(cosine: Array) -> Array:
    """arccos that forgives rounding just outside [-1, 1] and gives NaN beyond."""
    return np.arccos(np.where(np.abs(cosine) < 1 + 1e-9, np.clip(cosine, -1, 1), np.nan))

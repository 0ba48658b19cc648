"""How two tools may turn an object: places opposite each other where they press, and the way there.

All in the world frame. The tools move point-symmetrically about the object's centre: what the left tool does from
one side, the right tool does from the other. Seen from above, pressing along f at the lever n (f turned clockwise
by a right angle) turns the object counter-clockwise.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np

from dreamitate_ros.geometry import interpolate, transform
from dreamitate_ros.simulate.objects import about_z
from dreamitate_ros.values import Array

PITCH_RAD = np.deg2rad(10)  # the tools tip forward, as in a hand
CLEARANCE_M = 0.004  # between the tools' lowest points and the table
STAND_OFF_M = 0.04
PRESS_M = 0.006  # the tools go this much further than the first touch
TURN_RAD = np.deg2rad(40)
ENTER_HEIGHT_M = 0.135
OUT_OF_VIEW = {"left": np.array([-0.24, -0.62, 0.20]), "right": np.array([0.26, -0.62, 0.20])}

# when, in imagined frames
ABOVE, DOWN, TOUCH, TURNED = 2.3, 3.3, 4.6, 10.7

Clearance = Callable[[str, Array], float]
"""Distance in m between an arm's tool at world_from_tool and the object; negative when they overlap."""


@dataclass(frozen=True)
class Push:
    """direction_rad: of f, in which the left tool presses, when it first touches. lever: 0..1 of the object's
    half extent along n at which it presses. yaw_rad: of the left tool's x axis then."""

    direction_rad: float
    lever: float
    yaw_rad: float


def candidates() -> list[Push]:
    """The pushes worth trying: tools from below, from the side, or over the top of the object."""
    directions = np.deg2rad([-20, -45, -70, 5, -92, 28])
    return [
        Push(float(angle), lever, float(angle / 5 + np.deg2rad(-16)))
        for lever, angle in product((0.7, 0.4), directions)
    ]


def touch_poses(
    push: Push, footprint: Array, tool_points: dict[str, Array], clearance: Clearance
) -> dict[str, Array] | None:
    """world_from_tool (4, 4) of each arm's tool at its first touch, or None where one would miss the object.

    footprint: (N, 2) corners of the object. tool_points: per arm (M, 3) corners of the tool, in its frame.
    """
    f = np.array([np.cos(push.direction_rad), np.sin(push.direction_rad), 0.0])
    n = np.array([f[1], -f[0], 0.0])
    centre = np.append(footprint.mean(axis=0), 0.0)
    poses = {}
    for arm, sign in (("left", 1.0), ("right", -1.0)):
        yaw = push.yaw_rad + (0.0 if arm == "left" else np.pi)
        rotation = about_z(yaw) @ _tipped_forward()
        corners = tool_points[arm] @ rotation.T
        support = corners[np.argmax(corners @ (sign * f))]
        reach = push.lever * ((footprint - centre[:2]) @ (sign * n)[:2]).max()
        origin = centre + sign * n * reach - n * (support @ n) - 0.35 * sign * f
        origin[2] = CLEARANCE_M - corners[:, 2].min()
        pose = _advance(arm, transform(rotation, origin), sign * f, clearance)
        if pose is None:
            return None
        poses[arm] = pose
    return poses


def tool_path(
    push: Push, touch: Array, arm: str, centre: Array, frames_at: Array, back_off_m: float = 0.0
) -> Array:
    """(N, 4, 4) world_from_tool at imagined frames frames_at (N,): in, down, touch, turn about centre, hold.

    back_off_m: stay this much further from the object all along, to see what an inexact arm would do.
    """
    sign = 1.0 if arm == "left" else -1.0
    f = sign * np.array([np.cos(push.direction_rad), np.sin(push.direction_rad), 0.0])
    pressed = _moved(touch, f * (PRESS_M - back_off_m))
    stand_off = _moved(touch, -f * STAND_OFF_M)
    above = stand_off.copy()
    above[2, 3] = ENTER_HEIGHT_M
    above[0, 3] -= sign * 0.03
    start = touch.copy()
    start[:3, 3] = OUT_OF_VIEW[arm]
    # steady until the first touch, then a turn that starts and ends at rest
    turn_at = np.linspace(TOUCH, TURNED, 40)
    share = np.linspace(0, 1, 40)
    angles = TURN_RAD * share**3 * (10 - 15 * share + 6 * share**2)
    turning = [_turned(pressed, centre, angle) for angle in angles]
    keys = np.stack([start, above, stand_off, *turning])
    return interpolate(np.array([0.0, ABOVE, DOWN, *turn_at]), keys, np.asarray(frames_at, float))


def _tipped_forward() -> Array:
    c, s = np.cos(PITCH_RAD), np.sin(PITCH_RAD)
    return np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])


def _advance(arm: str, pose: Array, along: Array, clearance: Clearance) -> Array | None:
    """Move along until the tool touches; the clearance says each time how far it is safe to go."""
    travelled = 0.0
    while travelled < 0.5:
        gap = clearance(arm, pose)
        if gap < 0.0005:
            return pose
        pose = _moved(pose, along * gap)
        travelled += gap
    return None


def _moved(pose: Array, by: Array) -> Array:
    return transform(pose[:3, :3], pose[:3, 3] + by)


def _turned(pose: Array, centre: Array, angle: float) -> Array:
    rotation = about_z(angle)
    pivot = np.append(centre[:2], 0.0)
    return transform(rotation @ pose[:3, :3], pivot + rotation @ (pose[:3, 3] - pivot))

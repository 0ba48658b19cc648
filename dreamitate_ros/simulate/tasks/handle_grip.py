"""The hand around a straight handle, as capsules."""

import numpy as np

from dreamitate_ros.simulate.person import Capsule, Hand, Point
from dreamitate_ros.values import Array

PALM_M, FINGER_M, WRIST_M = 0.021, 0.0095, 0.021
FINGERS_M = (-0.028, -0.009, 0.010, 0.029)  # along the handle


def handle_grip(hold_m: Array, along: Array, back: Array, shoulder_m: Point) -> Hand:
    """hold_m: (3,) the handle's middle where it is held. along: (3,) unit, to the tool's working end.

    back: (3,) unit, across the handle, where the palm and the forearm are. All in the tool's frame.
    shoulder_m: (3,) world frame.
    """
    across = np.cross(along, back)
    palm = hold_m + 0.030 * back
    pieces = [(palm - 0.026 * along, palm + 0.026 * along, PALM_M)]
    for step in FINGERS_M:
        knuckle = palm + step * along - 0.016 * across
        bend = hold_m + step * along - 0.024 * across - 0.006 * back
        tip = hold_m + step * along + 0.002 * across - 0.022 * back
        pieces += [(knuckle, bend, FINGER_M), (bend, tip, FINGER_M)]
    thumb = hold_m + 0.034 * along + 0.018 * across
    pieces.append((palm + 0.012 * along + 0.014 * across, thumb, FINGER_M + 0.001))
    wrist = palm + 0.050 * back - 0.030 * along
    pieces.append((palm, wrist, WRIST_M))
    capsules = tuple(Capsule(_point(start), _point(end), radius) for start, end, radius in pieces)
    return Hand(capsules, _point(wrist), shoulder_m)


def _point(value: Array) -> Point:
    x, y, z = (float(coordinate) for coordinate in value)
    return x, y, z

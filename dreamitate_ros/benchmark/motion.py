"""Random motions of a tool over the table, as a person might move it: in from the person's side, two moves, rest."""

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.spatial.transform import Rotation, RotationSpline

from dreamitate_ros.geometry import transform
from dreamitate_ros.values import Array

TIMES = 13
KEY_TIMES = np.array([1.0, 4.0, 8.0, 12.0])


@dataclass(frozen=True)
class Stance:
    """How a tool is usually held. height_m: of its origin over the table; center_m: x, y of where it works."""

    height_m: float
    yaw_pitch_roll_deg: tuple[float, float, float]
    center_m: tuple[float, float]


STANCES = {
    "block_left": Stance(0.055, (0.0, 0.0, 0.0), (-0.08, 0.02)),
    "block_right": Stance(0.055, (180.0, 0.0, 0.0), (0.08, 0.02)),
    "spoon": Stance(0.050, (90.0, -10.0, 0.0), (0.0, 0.08)),
    "brush": Stance(0.020, (90.0, 35.0, 0.0), (0.0, 0.08)),
    "pusher": Stance(0.020, (0.0, 0.0, 55.0), (0.0, 0.12)),
}


def random_motion(tool: str, random: np.random.Generator, aside: bool = False) -> Array:
    """(13, 4, 4) world_from_tool; time 0 repeats time 1, the photo shows no tool. aside: half out of the image."""
    stance = STANCES[tool]
    center, reach = np.array([*stance.center_m, 0.0]), np.array([0.14, 0.07, 0.0])
    keys = [center + random.uniform(-1, 1, 3) * reach for _ in range(3)]
    if aside:
        keys[1] = center + [
            random.choice([-1, 1]) * random.uniform(0.30, 0.40),
            random.uniform(-0.05, 0.05),
            0,
        ]
    heights = stance.height_m + np.abs(random.normal(0, [0.03, 0.012, 0.012]))
    points = np.stack([[*key[:2], height] for key, height in zip(keys, heights, strict=True)])
    entry = points[0] + [random.uniform(-0.05, 0.05), -random.uniform(0.10, 0.22), random.uniform(0.02, 0.10)]
    base = Rotation.from_euler("zyx", stance.yaw_pitch_roll_deg, degrees=True)
    turns = [_tilted(base, random) for _ in range(4)]
    times = np.clip(np.arange(TIMES), KEY_TIMES[0], KEY_TIMES[-1])
    positions = PchipInterpolator(KEY_TIMES, np.vstack([entry, points]))(times)
    rotations = RotationSpline(KEY_TIMES, Rotation.concatenate(turns))(times)
    return transform(rotations.as_matrix(), positions)


def _tilted(base: Rotation, random: np.random.Generator) -> Rotation:
    yaw, roll, pitch = random.normal(0, [18, 7, 7])
    return (
        Rotation.from_euler("z", yaw, degrees=True)
        * base
        * Rotation.from_euler("xy", [roll, pitch], degrees=True)
    )

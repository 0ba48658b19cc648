"""What a seed changes besides the task's things: table, light, cameras, and how well the rig was calibrated."""

import colorsys
from dataclasses import replace

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from dreamitate_ros.geometry import inverse, transform
from dreamitate_ros.rig import Rig
from dreamitate_ros.values import Array, Image

CALIBRATION_M, CALIBRATION_RAD = 0.001, np.deg2rad(0.1)
"""Standard deviations, along and about each axis, of what a careful calibration leaves."""

LARGEST_NOISE = 3.0  # grey levels of a photo's pixel, standard deviation
PHOTO_WIDTH_PX = 1280
VIEWS = ("top", "side")


def standing_rig(rig: Rig, seed: int) -> Rig:
    """The rig as it really stands in the scene of a seed: a little off from its calibration."""
    random = np.random.default_rng([seed, 4])
    if rig.world_from_top is None:
        return rig
    world_from_top = rig.world_from_top @ _small(random)
    bases = {arm: rig.world_from_base(arm) @ _small(random) for arm in sorted(rig.base_from_top)}
    return replace(
        rig,
        world_from_top=world_from_top,
        top_from_side=rig.top_from_side @ _small(random),
        base_from_top={arm: inverse(base) @ world_from_top for arm, base in bases.items()},
    )


def vary_surroundings(spec: mujoco.MjSpec, seed: int) -> None:
    """Table cloth and lights of empty_scene() in the colours and strengths of a seed."""
    random = np.random.default_rng([seed, 5])
    tint = colorsys.hsv_to_rgb(random.random(), random.uniform(0.0, 0.5), 1.0)
    spec.material("cloth").rgba = [*(np.array(tint) * random.uniform(0.7, 2.2)).tolist(), 1.0]
    spec.material("cloth").texrepeat = [3 * random.uniform(0.6, 1.6), 2 * random.uniform(0.6, 1.6)]
    warmth = random.uniform(-0.05, 0.05)
    strength = random.uniform(0.85, 1.15)
    for light in spec.lights:
        light.diffuse = np.asarray(light.diffuse) * strength * [1 + warmth, 1.0, 1 - warmth]
    spec.visual.headlight.ambient[:] = np.asarray(spec.visual.headlight.ambient) * random.uniform(0.8, 1.25)


def exposed(image: Image, seed: int, view: str, time: int = 0) -> Image:
    """A rendered image (H, W, 3) as the camera of a view delivers it: its own gain, and noise of a time's own.

    Noise is that of a 1280 px wide photo; smaller images average it.
    """
    index = VIEWS.index(view)
    gain = 1.0 + 0.03 * np.random.default_rng([seed, 6, index]).standard_normal(3)
    level = LARGEST_NOISE * np.random.default_rng([seed, 7]).random() * image.shape[1] / PHOTO_WIDTH_PX
    noise = np.random.default_rng([seed, 8, index, time]).standard_normal(image.shape, np.float32)
    return np.clip(image * gain.astype(np.float32) + np.float32(level) * noise + 0.5, 0, 255).astype(np.uint8)


def _small(random: np.random.Generator) -> Array:
    """(4, 4) a displacement as a calibration may be off."""
    turn = Rotation.from_rotvec(CALIBRATION_RAD * random.standard_normal(3)).as_matrix()
    return transform(turn, CALIBRATION_M * random.standard_normal(3))

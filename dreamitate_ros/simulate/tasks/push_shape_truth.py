"""How well the shape covers its silhouette: intersection over union, and how far it is turned from it."""

import mujoco
import numpy as np

from dreamitate_ros.simulate.measure import Outcome
from dreamitate_ros.simulate.tasks.glyphs import overlap, placed
from dreamitate_ros.simulate.tasks.push_shape_scene import SHAPE, PushScene
from dreamitate_ros.values import Array

GOAL_IOU, GOAL_DEG = 0.75, 10.0
"""Our threshold: as good as the paper's mean over its trials (mIoU 0.731, 8.0 deg), which has no verdict per trial."""


class PushTruth:
    """Looks at where the shape lies."""

    def __init__(self, model: mujoco.MjModel, scene: PushScene) -> None:
        self._body, self._scene = model.body(SHAPE).id, scene
        self._goal = placed(scene.parts, scene.goal)

    def update(self, data: mujoco.MjData) -> None:
        """Only the end counts."""

    def read(self, data: mujoco.MjData) -> Outcome:
        """Success: GOAL_IOU and GOAL_DEG; the score is the overlap."""
        lies = shape_pose(data, self._body)
        scene = self._scene
        iou = overlap(placed(scene.parts, lies), self._goal)
        turned_deg = float(np.rad2deg(abs(turn_rad(lies[2], scene.goal[2], scene.order))))
        away_mm = float(1e3 * np.linalg.norm(lies[:2] - scene.goal[:2]))
        return Outcome(
            success=iou >= GOAL_IOU and turned_deg <= GOAL_DEG,
            score=iou,
            summary=f"the {scene.name} covers its silhouette by {100 * iou:.0f} %, turned by {turned_deg:.1f} deg",
            figures={"iou": iou, "rotation_error_deg": turned_deg, "distance_mm": away_mm},
        )


def shape_pose(data: mujoco.MjData, body: int) -> Array:
    """(3,) x, y, yaw of a body's frame in the world, m and rad."""
    rotation = data.xmat[body]
    return np.array([*data.xpos[body][:2], np.arctan2(rotation[3], rotation[0])])


def turn_rad(yaw_rad: float, goal_rad: float, order: int) -> float:
    """From the goal to the yaw, the smallest that a shape of this symmetry shows."""
    step = 2 * np.pi / order
    return float((yaw_rad - goal_rad + step / 2) % step - step / 2)

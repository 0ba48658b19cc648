"""The scripted expert of `rotate`: turns the object with the two tools as a person would, in physics, without arms.

It knows the scene exactly, tries several pushes and keeps the one that also works when the tools are a few
millimetres off, and leaves the object turned when arms draw the tools back from it. It plays the imagined person of
the oracle, and the person of demonstrations.
"""

from dataclasses import dataclass

import mujoco
import numpy as np

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.execute.retarget import stand_off
from dreamitate_ros.geometry import apply, transform
from dreamitate_ros.simulate.eased import eased
from dreamitate_ros.simulate.handheld import Demonstration, HandheldWorld
from dreamitate_ros.simulate.objects import BODY, ObjectShape, random_object
from dreamitate_ros.simulate.tasks.rotate_push import Push, candidates, tool_path, touch_poses
from dreamitate_ros.simulate.tasks.rotate_truth import GOAL_DEG
from dreamitate_ros.values import Array, Progress, Stop

ENOUGH_DEG = 32.0  # a push that turns this far even when inexact is taken without trying more
INEXACT_M = 0.008
LARGEST_SHIFT_M = 0.06
SHIFT_COSTS_DEG_M = 573.0
TOUCH_DISTANCE_M = 0.6
TRIED_FPS = 6.0
LAST, GONE = 12, 15  # imagined frames: the video's last, and when arms have drawn the tools back


@dataclass(frozen=True)
class Grip:
    """A push and where each arm's tool first touches: arm -> world_from_tool (4, 4)."""

    push: Push
    touch: dict[str, Array]


class RotateExpert:
    """Plans and tries pushes in a world."""

    def __init__(self, world: HandheldWorld) -> None:
        self._world = world
        self._shape, _ = random_object(world.seed)
        body = world.data.body(BODY)
        world_from_object = transform(body.xmat.reshape(3, 3).copy(), body.xpos.copy())
        self._centre = world_from_object[:3, 3]
        self._footprint = _footprint(self._shape, world_from_object)

    def best_grip(self, progress: Progress, stop: Stop) -> Grip:
        """The one that turns furthest even when inexact; raises GENERATION_FAILED."""
        best: tuple[float, Grip] | None = None
        tried = candidates()
        points = {arm: np.asarray(tool.mesh.vertices) for arm, tool in self._world.tools.items()}
        for index, push in enumerate(tried):
            if stop():
                raise Cancelled("oracle")
            progress(index / len(tried), f"expert tries push {index + 1} of {len(tried)}")
            touch = touch_poses(push, self._footprint, points, self._clearance)
            if touch is None:
                continue
            grip = Grip(push, touch)
            score = min(self._score(grip, 0.0), self._score(grip, INEXACT_M))
            if best is None or score > best[0]:
                best = (score, grip)
            if score >= ENOUGH_DEG:
                break
        if best is None:
            raise DreamitateError(
                ErrorCode.GENERATION_FAILED, "the scripted expert finds no place to press on this object"
            )
        return best[1]

    def perform(self, grip: Grip, frames: int, fps: float) -> Demonstration:
        """Do it in physics; the action always takes LAST imagined frames."""
        at = self._world.clock_s(frames, fps) * fps * LAST / (frames - 1)
        return self._world.perform(self._paths(grip, at), frames, fps)

    def _paths(self, grip: Grip, frames_at: Array, back_off_m: float = 0.0) -> dict[str, Array]:
        return {
            arm: tool_path(grip.push, touch, arm, self._centre, frames_at, back_off_m)
            for arm, touch in grip.touch.items()
        }

    def _score(self, grip: Grip, back_off_m: float) -> float:
        """Turned in contact, deg, and still after the tools have left; less when the object is dragged away."""
        at = self._world.clock_s(GONE + 1, TRIED_FPS) * TRIED_FPS
        paths = {arm: _leaving(path, at) for arm, path in self._paths(grip, at, back_off_m).items()}
        done = self._world.perform(paths, GONE + 1, TRIED_FPS)
        shift_m = float(
            np.linalg.norm(done.states[-1, :2] - done.states[0, :2])
        )  # the object's joint comes first
        return done.outcome.score - SHIFT_COSTS_DEG_M * max(0.0, shift_m - LARGEST_SHIFT_M)

    def _clearance(self, arm: str, pose: Array) -> float:
        model, data = self._world.model, self._world.data
        self._world.place(arm, pose)
        mujoco.mj_kinematics(model, data)
        tool = model.geom(f"{arm}_tool_hull").id
        return min(
            mujoco.mj_geomDistance(model, data, tool, model.geom(f"{BODY}_{part}").id, TOUCH_DISTANCE_M, None)
            for part in range(len(self._shape.parts))
        )


def demonstrate(
    world: HandheldWorld, frames: int, fps: float, progress: Progress, stop: Stop
) -> Demonstration:
    """The expert's best try; raises Cancelled, or GENERATION_FAILED when it turns less than 25 degrees."""
    expert = RotateExpert(world)
    done = expert.perform(expert.best_grip(progress, stop), frames, fps)
    if not done.outcome.success:
        raise DreamitateError(
            ErrorCode.GENERATION_FAILED,
            f"the scripted expert turns this object by {done.outcome.score:.1f} deg only,"
            f" {GOAL_DEG:g} are needed; reset the cell to another seed",
        )
    return done


def _leaving(path: Array, frames_at: Array) -> Array:
    """The path (N, 4, 4) at frames_at (N,), drawn back from LAST on as arms do it."""
    share = eased(frames_at, (LAST, 0), (GONE, 1))[:, None]
    result = path.copy()
    result[:, :3, 3] += share * (stand_off(path[-1]) - path[-1])[:3, 3]
    return result


def _footprint(shape: ObjectShape, world_from_object: Array) -> Array:
    corners = np.concatenate(shape.parts)
    return apply(world_from_object, np.column_stack([corners, np.zeros(len(corners))]))[:, :2]

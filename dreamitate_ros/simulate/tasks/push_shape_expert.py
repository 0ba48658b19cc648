"""The scripted expert of `push_shape`: tries straight pushes from all sides in physics, and does the best one."""

from dataclasses import dataclass
from itertools import product

import mujoco
import numpy as np

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.geometry import transform
from dreamitate_ros.simulate.eased import eased
from dreamitate_ros.simulate.handheld import Demonstration, HandheldWorld
from dreamitate_ros.simulate.plain_tools import FOOT_M
from dreamitate_ros.simulate.tasks.glyphs import covered, placed, raster
from dreamitate_ros.simulate.tasks.push_shape_scene import SHAPE, PushScene
from dreamitate_ros.simulate.tasks.push_shape_truth import shape_pose, turn_rad
from dreamitate_ros.values import Array, Progress, Stop

DIRECTIONS, OFFSETS = 10, (-0.8, -0.4, 0.0, 0.4, 0.8)
LONGEST_M, SPEED_M_S = 0.12, 0.2
LEAST_M = 0.002  # a push that brings the shape no nearer than this is not worth doing
GAP_M = 0.012  # between pusher and shape where it comes down
CLEARANCE_M = 0.002
LIFT_M = 0.06
LEAN_RAD = np.deg2rad(18)
LEAN_TO = np.array([-0.8, -0.6])  # to the person's left: foot and rod stay in sight
OUT_OF_VIEW_M = np.array([-0.20, -0.42])

# when, in imagined frames; a person begins a motion before the one before it has ended
LOWER, THERE, DOWN = 2.6, 3.6, 4.6
START, PUSHED = 4.4, 10.0
BACK, RAISE, UP = 10.8, 10.3, 12.0


@dataclass(frozen=True)
class Push:
    """From the place start_m (2,) of the pusher's axis along direction (2,) unit, length_m far."""

    start_m: Array
    direction: Array
    length_m: float


class PushExpert:
    """Tries pushes in a world."""

    def __init__(self, world: HandheldWorld, scene: PushScene) -> None:
        self._world, self._scene = world, scene
        self._arm = world.arms[0]
        self._body = world.model.body(SHAPE).id
        self._before = world.data.qpos.copy()
        self._lies = shape_pose(world.data, self._body)
        corners = np.concatenate(scene.parts)
        grid = raster(corners.min(axis=0), corners.max(axis=0))[::7]
        self._inside = grid[covered(scene.parts, grid)]

    def best_push(self, progress: Progress, stop: Stop) -> Push:
        """The one that brings the shape's area nearest to the silhouette; raises GENERATION_FAILED."""
        tried = list(product(2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS, OFFSETS))
        found: list[tuple[float, Push]] = []
        for index, (angle, offset) in enumerate(tried):
            if stop():
                raise Cancelled("oracle")
            progress(index / (len(tried) + 20), f"expert tries push {index + 1} of {len(tried)}")
            found.append(self._best_length(angle, offset))
        cost_m, best = min(found, key=lambda one: one[0])
        angle = float(np.arctan2(best.direction[1], best.direction[0]))
        step = 2 * np.pi / DIRECTIONS
        _, offset = tried[min(range(len(found)), key=lambda i: found[i][0])]
        for turn, aside in product((-step / 3, 0.0, step / 3), (-0.12, 0.0, 0.12)):
            finer_m, finer = self._best_length(angle + turn, offset + aside)
            if finer_m < cost_m:
                cost_m, best = finer_m, finer
        if cost_m > self._cost_m(self._lies) - LEAST_M:
            raise DreamitateError(
                ErrorCode.GENERATION_FAILED,
                f"the scripted expert finds no push that brings the {self._scene.name} nearer to its silhouette",
            )
        return best

    def _best_length(self, angle: float, offset: float) -> tuple[float, Push]:
        """Push as far as it may be of use, and see where to stop; offset: 0 through the frame, 1 past the edge."""
        direction = np.array([np.cos(angle), np.sin(angle)])
        start_m = self._start_m(direction, offset)
        lengths_m, poses = self._slide(start_m, direction)
        costs_m = np.array([self._cost_m(lies) for lies in poses])
        best = int(costs_m.argmin())
        return float(costs_m[best]), Push(start_m, direction, float(lengths_m[best]))

    def _start_m(self, direction: Array, offset: float) -> Array:
        """Where the pusher's foot is GAP_M away from the shape that it will meet."""
        parts = placed(self._scene.parts, self._lies)
        across = np.array([-direction[1], direction[0]])
        points = _outline(parts) - self._lies[:2]
        reach = points @ across
        aside = offset * (reach.max() if offset > 0 else -reach.min())
        lateral = np.abs(reach - aside)
        met = lateral < FOOT_M[0]
        if not met.any():
            met = lateral <= lateral.min() + 1e-3
        ahead = np.sqrt(np.maximum(FOOT_M[0] ** 2 - lateral[met] ** 2, 0.0))
        first = (points[met] @ direction - ahead).min()
        return self._lies[:2] + aside * across + (first - GAP_M) * direction

    def _slide(self, start_m: Array, direction: Array) -> tuple[Array, list[Array]]:
        """Lengths pushed and where the shape lies after each, every few millimetres."""
        world, data = self._world, self._world.data
        mujoco.mj_resetData(world.model, data)
        data.qpos[:] = self._before
        world.place(self._arm, held(start_m))
        steps = round(LONGEST_M / SPEED_M_S / world.model.opt.timestep)
        lead = world.model.body(f"{self._arm}_lead").mocapid[0]
        lengths_m, poses = [], []
        for index in range(steps + 1):
            length_m = LONGEST_M * index / steps
            data.mocap_pos[lead, :2] = start_m + length_m * direction
            mujoco.mj_step(world.model, data)
            if index % 12 == 0:
                lengths_m.append(length_m)
                poses.append(shape_pose(data, self._body))
        return np.array(lengths_m), poses

    def _cost_m(self, lies: Array) -> float:
        """Mean distance of the shape's points to where they belong."""
        turn = turn_rad(lies[2], self._scene.goal[2], self._scene.order)
        c, s = np.cos(turn), np.sin(turn)
        now = self._inside @ np.array([[c, s], [-s, c]]) - self._inside
        yaw = self._scene.goal[2]
        away = np.array([[np.cos(yaw), np.sin(yaw)], [-np.sin(yaw), np.cos(yaw)]]) @ (
            lies[:2] - self._scene.goal[:2]
        )
        return float(np.linalg.norm(now + away, axis=1).mean())


def demonstrate(
    world: HandheldWorld, scene: PushScene, frames: int, fps: float, progress: Progress, stop: Stop
) -> Demonstration:
    """The expert's best push; raises Cancelled, or GENERATION_FAILED when none helps."""
    push = PushExpert(world, scene).best_push(progress, stop)
    at = world.clock_s(frames, fps) * fps * 12 / (frames - 1)
    return world.perform(dict.fromkeys(world.arms, push_path(push, at)), frames, fps)


def push_path(push: Push, frames_at: Array) -> Array:
    """(N, 4, 4) world_from_tool at imagined frames frames_at (N,): in, down, push, back and up."""
    height_m = held(push.start_m)[2, 3]
    entered = eased(frames_at, (0, 0), (THERE, 1))[:, None]
    pushed_m = eased(frames_at, (0, 0), (START, 0), (PUSHED, push.length_m), (BACK, push.length_m - GAP_M))[
        :, None
    ]
    heights_m = eased(
        frames_at, (0, LIFT_M), (LOWER, LIFT_M), (DOWN, height_m), (RAISE, height_m), (UP, LIFT_M)
    )
    places_m = OUT_OF_VIEW_M + entered * (push.start_m - OUT_OF_VIEW_M) + pushed_m * push.direction
    path = np.stack([held(place) for place in places_m])
    path[:, 2, 3] = heights_m
    return path


def held(place_m: Array) -> Array:
    """(4, 4) world_from_tool of the pusher with its foot's centre above place_m (2,), leaning as in the hand."""
    z = np.array([*(np.sin(LEAN_RAD) * LEAN_TO), np.cos(LEAN_RAD)])
    x = np.cross([0.0, 1.0, 0.0], z)
    x /= np.linalg.norm(x)
    height = CLEARANCE_M + FOOT_M[0] * np.sin(LEAN_RAD)
    return transform(np.column_stack([x, np.cross(z, x), z]), np.array([*place_m, height]))


def _outline(parts: tuple[Array, ...]) -> Array:
    """(N, 2) points along the parts' edges, a few millimetres apart."""
    along = np.linspace(0, 1, 12, endpoint=False)[:, None, None]
    return np.concatenate(
        [(part + along * (np.roll(part, -1, axis=0) - part)).reshape(-1, 2) for part in parts]
    )

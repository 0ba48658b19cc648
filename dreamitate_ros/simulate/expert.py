"""The scripted expert: turns the object with the two tools as a person would, in physics, without arms.

It knows the scene exactly, tries several pushes and keeps the one that also works when the tools are a few
millimetres off. It plays the imagined person of the oracle, and later the person of demonstrations.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import mujoco
import numpy as np

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.execute.arm_shapes import add_tool_geoms
from dreamitate_ros.geometry import apply
from dreamitate_ros.rig import Rig
from dreamitate_ros.simulate import person
from dreamitate_ros.simulate.objects import BODY, ObjectShape, add_object, random_object
from dreamitate_ros.simulate.push import Push, candidates, tool_path, touch_poses
from dreamitate_ros.simulate.scene import Scene, empty_scene
from dreamitate_ros.simulate.truth import RotationTruth
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Array, Progress, Stop

GOAL_RAD = np.deg2rad(25)
ENOUGH_RAD = np.deg2rad(32)  # a push that turns this far even when inexact is taken without trying more
INEXACT_M = 0.008
LARGEST_SHIFT_M = 0.06
TOUCH_DISTANCE_M = 0.6


@dataclass(frozen=True)
class Demonstration:
    """What the expert did, at the imagined times.

    times_s (T,); world_from_tool: arm -> (T, 4, 4); world_from_object (T, 4, 4); states (T, S) of the expert's
    world, to draw it; rotated_in_contact_rad: how far the object turned with both tools touching.
    """

    times_s: Array
    world_from_tool: dict[str, Array]
    world_from_object: Array
    states: Array
    rotated_in_contact_rad: float


class ExpertWorld:
    """The scene with the two tools in a person's hands; tools: arm -> Tool."""

    def __init__(self, scene: Scene, rig: Rig, tools: Mapping[str, Tool]) -> None:
        self.shape, _ = random_object(scene.seed)
        self.arms = tuple(tools)
        self._tools = tools
        spec = empty_scene(rig, scene.seed)
        add_object(spec, self.shape, scene.world_from_object)
        for arm, tool in tools.items():
            _add_held_tool(spec, arm, tool, person.skin_colour(scene.seed))
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self._start = self.data.qpos.copy()
        self._centre = scene.world_from_object[:3, 3]
        self._footprint = _footprint(self.shape, scene.world_from_object)

    def best_push(self, progress: Progress, stop: Stop) -> tuple[Push, dict[str, Array]]:
        """The push that turns furthest even when inexact, and its touch poses; raises GENERATION_FAILED."""
        best: tuple[float, Push, dict[str, Array]] | None = None
        tried = candidates()
        points = {arm: np.asarray(tool.mesh.vertices) for arm, tool in self._tools.items()}
        for index, push in enumerate(tried):
            if stop():
                raise Cancelled("oracle")
            progress(index / len(tried), f"expert tries push {index + 1} of {len(tried)}")
            touch = touch_poses(push, self._footprint, points, self._clearance)
            if touch is None:
                continue
            score = min(self._score(push, touch, 0.0), self._score(push, touch, INEXACT_M))
            if best is None or score > best[0]:
                best = (score, push, touch)
            if score >= ENOUGH_RAD:
                break
        if best is None:
            raise DreamitateError(
                ErrorCode.GENERATION_FAILED, "the scripted expert finds no place to press on this object"
            )
        return best[1], best[2]

    def perform(
        self, push: Push, touch: dict[str, Array], frames: int, fps: float, back_off_m: float = 0.0
    ) -> Demonstration:
        """Do it in physics and record `frames` times at `fps`; the action always takes 12 imagined frames."""
        model, data = self.model, self.data
        mujoco.mj_resetData(model, data)
        data.qpos[:] = self._start
        steps = round(1 / fps / model.opt.timestep)
        at = np.arange((frames - 1) * steps + 1) / steps
        paths = {
            arm: tool_path(push, touch[arm], arm, self._centre, at * 12 / (frames - 1), back_off_m)
            for arm in self.arms
        }
        for arm in self.arms:
            self._place(arm, paths[arm][0])
        mujoco.mj_forward(model, data)
        truth = RotationTruth(model, data, self.arms)
        states: list[Array] = []
        objects: list[Array] = []
        tools: dict[str, list[Array]] = {arm: [] for arm in self.arms}
        for index in range(len(at)):
            if index % steps == 0:
                mujoco.mj_kinematics(model, data)
                states.append(self._state())
                objects.append(truth.read(data).world_from_object)
                for arm in self.arms:
                    tools[arm].append(self._tool_pose(arm))
            for arm in self.arms:
                self._lead(arm, paths[arm][index])
            mujoco.mj_step(model, data)
            truth.update(data)
        return Demonstration(
            times_s=np.arange(frames) / fps,
            world_from_tool={arm: np.stack(poses) for arm, poses in tools.items()},
            world_from_object=np.stack(objects),
            states=np.stack(states),
            rotated_in_contact_rad=truth.read(data).rotated_in_contact_rad,
        )

    def show(self, state: Array) -> None:
        """Put the world into a recorded state (S,), ready to draw, hands and forearms included."""
        nq = self.model.nq
        self.data.qpos[:] = state[:nq]
        mujoco.mj_kinematics(self.model, self.data)
        for arm in self.arms:
            self._set_mocap(f"{arm}_forearm", person.forearm_pose(arm, self._tool_pose(arm)))
        mujoco.mj_forward(self.model, self.data)

    def _score(self, push: Push, touch: dict[str, Array], back_off_m: float) -> float:
        """Turned in contact, rad; less when the object is dragged away."""
        done = self.perform(push, touch, 13, 6.0, back_off_m)
        shift = np.linalg.norm(done.world_from_object[-1, :2, 3] - done.world_from_object[0, :2, 3])
        return done.rotated_in_contact_rad - 10 * max(0.0, float(shift) - LARGEST_SHIFT_M)

    def _state(self) -> Array:
        return self.data.qpos.copy()

    def _clearance(self, arm: str, pose: Array) -> float:
        self._place(arm, pose)
        mujoco.mj_kinematics(self.model, self.data)
        tool = self.model.geom(f"{arm}_tool_hull").id
        return min(
            mujoco.mj_geomDistance(
                self.model, self.data, tool, self.model.geom(f"{BODY}_{part}").id, TOUCH_DISTANCE_M, None
            )
            for part in range(len(self.shape.parts))
        )

    def _place(self, arm: str, pose: Array) -> None:
        start = self.model.joint(f"{arm}_tool").qposadr[0]
        self.data.qpos[start : start + 7] = _position_quaternion(pose)
        self._lead(arm, pose)

    def _lead(self, arm: str, pose: Array) -> None:
        self._set_mocap(f"{arm}_lead", pose)

    def _set_mocap(self, name: str, pose: Array) -> None:
        index = self.model.body(name).mocapid[0]
        value = _position_quaternion(pose)
        self.data.mocap_pos[index], self.data.mocap_quat[index] = value[:3], value[3:]

    def _tool_pose(self, arm: str) -> Array:
        body = self.data.body(f"{arm}_tool")
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = body.xmat.reshape(3, 3), body.xpos
        return pose


def demonstrate(world: ExpertWorld, frames: int, fps: float, progress: Progress, stop: Stop) -> Demonstration:
    """The expert's best try; raises Cancelled, or GENERATION_FAILED when it turns less than 25 degrees."""
    push, touch = world.best_push(progress, stop)
    done = world.perform(push, touch, frames, fps)
    if done.rotated_in_contact_rad < GOAL_RAD:
        raise DreamitateError(
            ErrorCode.GENERATION_FAILED,
            f"the scripted expert turns this object by {np.rad2deg(done.rotated_in_contact_rad):.1f} deg only,"
            " 25 are needed; reset the cell to another seed",
        )
    return done


def _add_held_tool(spec: mujoco.MjSpec, arm: str, tool: Tool, skin: Array) -> None:
    """A tool as a free body, drawn by a weld to the mocap body ARM_lead, so that its speed enters contacts."""
    body = spec.worldbody.add_body(
        name=f"{arm}_tool", pos=[0, -0.6 if arm == "left" else -0.9, 0.3], gravcomp=1
    )
    body.add_freejoint(name=f"{arm}_tool")
    body.explicitinertial = True
    body.mass = 1.0
    body.inertia = [2e-3, 2e-3, 2e-3]
    add_tool_geoms(spec, body, arm, tool)
    person.add_hand(spec, body, arm, skin)
    spec.worldbody.add_body(name=f"{arm}_lead", mocap=True)
    weld = spec.add_equality(
        type=mujoco.mjtEq.mjEQ_WELD,
        objtype=mujoco.mjtObj.mjOBJ_BODY,
        name1=f"{arm}_lead",
        name2=f"{arm}_tool",
    )
    weld.data[:11] = [0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    weld.solref[:] = [0.01, 1.0]
    weld.solimp[:3] = [0.95, 0.99, 0.001]


def _footprint(shape: ObjectShape, world_from_object: Array) -> Array:
    corners = np.concatenate(shape.parts)
    return apply(world_from_object, np.column_stack([corners, np.zeros(len(corners))]))[:, :2]


def _position_quaternion(pose: Array) -> Array:
    quaternion = np.empty(4)
    mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(pose[:3, :3]).reshape(9))
    return np.concatenate([pose[:3, 3], quaternion])

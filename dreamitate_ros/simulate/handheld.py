"""The scene with the tools in a person's hands: physics without arms, where experts act and videos come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import mujoco
import numpy as np

from dreamitate_ros.execute.arm_shapes import add_tool_geoms
from dreamitate_ros.rig import Rig
from dreamitate_ros.simulate.measure import Outcome
from dreamitate_ros.simulate.person import Hand, skin_colour
from dreamitate_ros.simulate.scene import Scene, empty_scene
from dreamitate_ros.simulate.stability import require_stable
from dreamitate_ros.simulate.variation import standing_rig, vary_surroundings
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Array

if TYPE_CHECKING:
    from dreamitate_ros.simulate.simulated_task import SimulatedTask


@dataclass(frozen=True)
class Demonstration:
    """What the expert did, at the imagined times.

    times_s (T,); world_from_tool: arm -> (T, 4, 4); states (T, S) of the world, to show; outcome: at the end.
    """

    times_s: Array
    world_from_tool: dict[str, Array]
    states: Array
    outcome: Outcome


class HandheldWorld:
    """The scene of a task as it stands, and a hand for each tool. rig: as calibrated; tools: arm -> Tool."""

    def __init__(self, task: "SimulatedTask", scene: Scene, rig: Rig, tools: Mapping[str, Tool]) -> None:
        self.task, self.seed, self.tools = task, scene.seed, dict(tools)
        self.arms = tuple(tools)
        self._hands = {arm: task.hand(arm, tool) for arm, tool in tools.items()}
        spec = empty_scene(standing_rig(rig, scene.seed), scene.seed)
        vary_surroundings(spec, scene.seed)
        spec.option.timestep = task.physics.timestep_s
        task.add_things(spec, scene.seed)
        for index, (arm, tool) in enumerate(tools.items()):
            _add_held_tool(spec, arm, tool, self._hands[arm], skin_colour(scene.seed), index)
        task.shape_tools(spec, tools)
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self.data.qpos[: len(scene.positions)] = scene.positions
        self._start = self.data.qpos.copy()
        mujoco.mj_forward(self.model, self.data)

    def clock_s(self, frames: int, fps: float) -> Array:
        """(M,) times of the steps that `frames` times at `fps` take: one pose a step for perform()."""
        steps = self._steps(fps)
        return np.arange((frames - 1) * steps + 1) / (steps * fps)

    def perform(self, paths: Mapping[str, Array], frames: int, fps: float) -> Demonstration:
        """Lead the tools along arm -> world_from_tool (M, 4, 4), from the scene as it stood, and record `frames` times.

        The tools follow the hands with a little give, so contacts push back. Raises GENERATION_FAILED where physics
        becomes unstable.
        """
        model, data = self.model, self.data
        mujoco.mj_resetData(model, data)
        data.qpos[:] = self._start
        for arm in self.arms:
            self.place(arm, paths[arm][0])
        mujoco.mj_forward(model, data)
        measure = self.task.measure(model, data, self.arms, self.seed)
        steps, states = self._steps(fps), []
        tools: dict[str, list[Array]] = {arm: [] for arm in self.arms}
        for index in range((frames - 1) * steps + 1):
            if index % steps == 0:
                mujoco.mj_kinematics(model, data)
                states.append(data.qpos.copy())
                for arm in self.arms:
                    tools[arm].append(self.tool_pose(arm))
            for arm in self.arms:
                self._set_mocap(f"{arm}_lead", paths[arm][index])
            mujoco.mj_step(model, data)
            measure.update(data)
        require_stable(data, self.seed)
        return Demonstration(
            times_s=np.arange(frames) / fps,
            world_from_tool={arm: np.stack(poses) for arm, poses in tools.items()},
            states=np.stack(states),
            outcome=measure.read(data),
        )

    def show(self, state: Array) -> None:
        """Put the world into a recorded state (S,), ready to draw, hands and forearms included."""
        self.data.qpos[:] = state
        mujoco.mj_kinematics(self.model, self.data)
        for arm, hand in self._hands.items():
            self._set_mocap(f"{arm}_forearm", hand.forearm_pose(self.tool_pose(arm)))
        mujoco.mj_forward(self.model, self.data)

    def place(self, arm: str, world_from_tool: Array) -> None:
        """Put a tool and the hand that leads it there, without moving through what lies between."""
        start = self.model.joint(f"{arm}_tool").qposadr[0]
        self.data.qpos[start : start + 7] = _position_quaternion(world_from_tool)
        self._set_mocap(f"{arm}_lead", world_from_tool)

    def tool_pose(self, arm: str) -> Array:
        """(4, 4) world_from_tool now; kinematics must be up to date."""
        body = self.data.body(f"{arm}_tool")
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = body.xmat.reshape(3, 3), body.xpos
        return pose

    def _steps(self, fps: float) -> int:
        return round(1 / fps / self.task.physics.timestep_s)

    def _set_mocap(self, name: str, pose: Array) -> None:
        index = self.model.body(name).mocapid[0]
        value = _position_quaternion(pose)
        self.data.mocap_pos[index], self.data.mocap_quat[index] = value[:3], value[3:]


def _add_held_tool(spec: mujoco.MjSpec, arm: str, tool: Tool, hand: Hand, skin: Array, index: int) -> None:
    """A tool as a free body, drawn by a weld to the mocap body ARM_lead, so that its speed enters contacts."""
    body = spec.worldbody.add_body(name=f"{arm}_tool", pos=[0, -0.6 - 0.3 * index, 0.3], gravcomp=1)
    body.add_freejoint(name=f"{arm}_tool")
    body.explicitinertial = True
    body.mass = 1.0
    body.inertia = [2e-3, 2e-3, 2e-3]
    add_tool_geoms(spec, body, arm, tool)
    hand.add_to(spec, body, arm, skin)
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


def _position_quaternion(pose: Array) -> Array:
    quaternion = np.empty(4)
    mujoco.mju_mat2Quat(quaternion, np.ascontiguousarray(pose[:3, :3]).reshape(9))
    return np.concatenate([pose[:3, 3], quaternion])

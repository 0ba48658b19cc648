"""Worlds of the tasks, settled as the cell settles them."""

from collections.abc import Callable

import mujoco
import pytest

from dreamitate_ros.rig import Rig
from dreamitate_ros.simulate.handheld import HandheldWorld
from dreamitate_ros.simulate.scene import Scene, empty_scene
from dreamitate_ros.simulate.tasks import simulated_task
from dreamitate_ros.task import load_task
from dreamitate_ros.tool import load_tools

from ..conftest import CONFIG

Things = Callable[[str, int], tuple[mujoco.MjModel, mujoco.MjData]]
World = Callable[[str, int], HandheldWorld]


@pytest.fixture
def things(rig: Rig) -> Things:
    """A task's things alone, at rest."""

    def settle(name: str, seed: int) -> tuple[mujoco.MjModel, mujoco.MjData]:
        task = simulated_task(name)
        spec = empty_scene(rig, seed)
        spec.option.timestep = task.physics.timestep_s
        task.add_things(spec, seed)
        model = spec.compile()
        data = mujoco.MjData(model)
        mujoco.mj_step(model, data, round(task.physics.settle_s / task.physics.timestep_s))
        return model, data

    return settle


@pytest.fixture
def world(rig: Rig, things: Things) -> World:
    """The same with the task's tools in hands."""

    def build(name: str, seed: int) -> HandheldWorld:
        _, data = things(name, seed)
        tools = load_tools(load_task(name, CONFIG).arm_tools, CONFIG)
        return HandheldWorld(simulated_task(name), Scene(seed, data.qpos.copy()), rig, tools)

    return build

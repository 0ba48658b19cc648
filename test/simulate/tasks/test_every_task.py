"""What holds for each of the tasks with one tool."""

import mujoco
import numpy as np
import pytest

from dreamitate_ros.geometry import inverse, project
from dreamitate_ros.simulate.seeds import Split
from dreamitate_ros.simulate.tasks import simulated_task
from dreamitate_ros.simulate.tasks.bowls import SIDES
from dreamitate_ros.simulate.tasks.distractors import FAMILIES
from dreamitate_ros.simulate.tasks.grains import KINDS
from dreamitate_ros.task import load_task

from ..conftest import CONFIG

TASKS = ["scoop", "sweep", "push_shape"]
IN_ONE_ROUND = ["scoop", "sweep"]
TRAINING_SEED, EVALUATION_SEED = 3, 900_000


def quiet(share, what):
    pass


def demonstrate(world, name):
    task = load_task(name, CONFIG)
    return simulated_task(name).demonstrate(world, task.frames, task.fps, quiet, lambda: False)


@pytest.mark.parametrize("name", TASKS)
def test_the_scene_stays_as_it_settled(things, name):
    model, data = things(name, TRAINING_SEED)
    before = data.xpos.copy()
    mujoco.mj_step(model, data, round(1.0 / model.opt.timestep))
    assert data.time == pytest.approx(1.0 + simulated_task(name).physics.settle_s)
    moved_m = np.linalg.norm(data.xpos - before, axis=1)
    assert moved_m.max() < 0.015  # a grain may still roll off the heap
    assert moved_m.mean() < 0.002
    assert data.xpos[1:, 2].min() > -0.001


@pytest.mark.parametrize("seed", [TRAINING_SEED, EVALUATION_SEED])
@pytest.mark.parametrize("name", IN_ONE_ROUND)
def test_the_expert_succeeds_where_doing_nothing_does_not(world, name, seed):
    held = world(name, seed)
    untouched = simulated_task(name).measure(held.model, held.data, held.arms, seed).read(held.data)
    done = demonstrate(held, name)
    assert not untouched.success
    assert done.outcome.success
    assert done.outcome.score > untouched.score


@pytest.mark.parametrize("name", TASKS)
def test_the_tool_comes_from_out_of_view_and_works_above_the_table_within_the_workspace(world, rig, name):
    held, task = world(name, TRAINING_SEED), load_task(name, CONFIG)
    done = demonstrate(held, name)
    side_from_world = inverse(rig.world_from_top @ rig.top_from_side)
    for arm, poses in done.world_from_tool.items():
        corners = np.einsum("tij,nj->tni", poses[:, :3, :3], held.tools[arm].mesh.vertices)
        corners += poses[:, None, :3, 3]
        assert corners[..., 2].min() > 0.0
        for camera, from_world in ((rig.top, inverse(rig.world_from_top)), (rig.side, side_from_world)):
            seen = project(camera, corners @ from_world[:3, :3].T + from_world[:3, 3])
            assert (seen[0, :, 1] > camera.height).all()
            inside = (seen > 0).all(axis=2) & (seen < [camera.width, camera.height]).all(axis=2)
            assert inside[5:].mean() > 0.9
        low, high = np.array(task.workspace_m).T
        assert ((poses[2:, :3, 3] >= low) & (poses[2:, :3, 3] <= high)).all()


@pytest.mark.parametrize("name", ["sweep", "push_shape"])  # scoop's grains are those of sweep
def test_the_same_seed_gives_the_same_demonstration(world, name):
    first, second = (demonstrate(world(name, TRAINING_SEED), name) for _ in range(2))
    np.testing.assert_array_equal(first.states, second.states)


@pytest.mark.parametrize(
    "names",
    [FAMILIES, SIDES, {split: [kind.name for kind in kinds] for split, kinds in KINDS.items()}],
)
def test_training_and_evaluation_share_nothing(names):
    assert names[Split.TRAINING]
    assert names[Split.EVALUATION]
    assert not set(names[Split.TRAINING]) & set(names[Split.EVALUATION])

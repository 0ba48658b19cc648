"""The benchmark of motion measures what it says."""

from dataclasses import replace

import numpy as np
import pytest

from dreamitate_ros.benchmark import arm_motion
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.rig import load_rig
from dreamitate_ros.task import load_task
from dreamitate_ros.tool import load_tools


@pytest.fixture(scope="module")
def bench():
    config = config_directory()
    task = load_task("rotate", config)
    tools = load_tools(task.arm_tools, config)
    return load_rig(config / "rigs" / "cell.yaml"), task, tools


def test_a_random_task_is_the_same_again_and_can_be_planned(bench):
    first, again = (arm_motion.plan_random(*bench, seed=900_000) for _ in range(2))
    assert not first.refused
    np.testing.assert_array_equal(first.motion["left"].positions, again.motion["left"].positions)
    assert arm_motion.plan_random(*bench, seed=900_001).motion["left"].times_s[-1] != pytest.approx(
        first.motion["left"].times_s[-1], abs=1e-6
    )


def test_a_refusal_is_counted_with_its_reason(bench):
    rig, task, tools = bench
    planned = arm_motion.plan_random(rig, replace(task, confidence_gate=0.95), tools, 900_000)
    assert planned.refused.startswith("LOW_CONFIDENCE: ") and not planned.motion


def test_the_cells_arms_follow_within_two_millimetres_and_a_degree_at_full_speed(bench):
    rig, task, tools = bench
    followed = arm_motion.follow_random(rig, replace(task, speed_scale=1.0), tools, 900_000, 1)
    free, pushing = followed[arm_motion.NOTHING], followed[arm_motion.OBJECT]
    assert sum(each.motions for each in followed.values()) == 4
    assert 0 < free.worst_mm < 2.0
    assert 0 < free.worst_deg < 1.0
    assert pushing.worst_mm > free.worst_mm, "what it squeezes bends an arm"


def test_what_an_arm_touched_is_told_from_following(bench):
    rig, task, tools = bench
    motion = arm_motion.plan_random(rig, replace(task, speed_scale=1.0), tools, 900_004).motion
    touched = {arm: bodies for arm, (_, _, bodies) in arm_motion._run(motion, rig, tools, True).items()}
    assert touched == {"left": {"world"}, "right": set()}

from itertools import combinations

import mujoco
import numpy as np
import pytest

from dreamitate_ros.rig import load_rig
from dreamitate_ros.simulate.handheld import HandheldWorld
from dreamitate_ros.simulate.scene import Scene
from dreamitate_ros.simulate.seeds import Split
from dreamitate_ros.simulate.tasks import simulated_task
from dreamitate_ros.simulate.tasks.glyphs import NAMES, drawn, glyph, overlap, placed, symmetry_order
from dreamitate_ros.simulate.tasks.push_shape_expert import Push, push_path
from dreamitate_ros.simulate.tasks.push_shape_scene import random_push_scene
from dreamitate_ros.simulate.tasks.push_shape_truth import turn_rad
from dreamitate_ros.simulate.tasks.scribbles import ALIKE_IOU, likeness, scribble

from ..conftest import CONFIG

PUSH_SHAPE = simulated_task("push_shape")
SQUARE = (np.array([[-0.05, -0.05], [0.05, -0.05], [0.05, 0.05], [-0.05, 0.05]]),)


@pytest.mark.parametrize(
    ("moved", "expected"),
    [((0, 0, 0), 1.0), ((0.05, 0, 0), 1 / 3), ((0.1, 0.1, 0), 0.0), ((0, 0, np.pi / 2), 1.0)],
)
def test_overlap_is_intersection_over_union(moved, expected):
    assert overlap(SQUARE, placed(SQUARE, np.array(moved, float))) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize(("name", "order"), [("L", 1), ("S", 2), ("triangle", 3), ("square", 4), ("kite", 1)])
def test_symmetries_are_found(name, order):
    assert symmetry_order(glyph(name, 0.016)) == order


def test_a_turn_is_measured_from_the_nearest_equal_one():
    assert turn_rad(0.1 + np.pi / 2, 0.0, 4) == pytest.approx(0.1)
    assert turn_rad(-3.0, 3.0, 1) == pytest.approx(2 * np.pi - 6.0)


@pytest.mark.parametrize(
    ("away", "success"), [((0, 0, 0), True), ((0.03, 0, 0), False), ((0, 0, 0.4), False)]
)
def test_the_measure_knows_a_shape_on_its_silhouette(things, away, success):
    seed = next(seed for seed in range(200) if random_push_scene(seed).name == "L")
    model, data = things("push_shape", seed)
    lies = random_push_scene(seed).goal + away
    data.qpos[:7] = [lies[0], lies[1], 0, np.cos(lies[2] / 2), 0, 0, np.sin(lies[2] / 2)]
    mujoco.mj_forward(model, data)
    outcome = PUSH_SHAPE.measure(model, data, ("left",), seed).read(data)
    assert outcome.success is success
    assert outcome.figures["rotation_error_deg"] == pytest.approx(np.rad2deg(away[2]), abs=0.1)
    assert outcome.figures["distance_mm"] == pytest.approx(1e3 * np.hypot(*away[:2]), abs=0.1)


def test_letters_train_and_digits_and_polygons_evaluate():
    assert len(NAMES[Split.TRAINING]) == 39
    assert all(name.isalpha() and len(name) == 1 for name in NAMES[Split.TRAINING])
    assert not set(NAMES[Split.TRAINING]) & set(NAMES[Split.EVALUATION])
    assert {random_push_scene(seed).name for seed in range(40)} <= {*NAMES[Split.TRAINING], "scribble"}
    assert {random_push_scene(900_000 + seed).name for seed in range(40)} <= set(NAMES[Split.EVALUATION])


def test_half_of_the_shapes_to_train_with_are_scribbles():
    scribbles = [seed for seed in range(100) if random_push_scene(seed).name == "scribble"]
    assert 35 < len(scribbles) < 65
    shapes = [random_push_scene(seed).parts for seed in scribbles[:6]]
    assert all(overlap(one, other) < 0.99 for one, other in combinations(shapes, 2))


def test_no_scribble_looks_like_a_shape_to_evaluate_with():
    square = drawn((((1, 2), (3, 2)), ((1, 4), (3, 4))), 2.2, 0.0165)
    assert likeness(glyph("7", 0.0165)) == pytest.approx(1.0)
    assert likeness(placed(glyph("7", 0.0165), np.array([0, 0, np.pi / 3]))) > 0.9
    assert likeness(square) > ALIKE_IOU
    random = np.random.default_rng(0)
    assert max(likeness(scribble(random, 0.0165)) for _ in range(30)) < ALIKE_IOU


def test_scenes_to_train_with_begin_where_any_round_may_and_others_far_away():
    def away_m(seed):
        scene = random_push_scene(seed)
        return np.linalg.norm(scene.start[:2] - scene.goal[:2])

    to_train = [away_m(seed) for seed in range(60)]
    assert min(to_train) < 0.02
    assert max(to_train) > 0.08
    assert 0.4 < np.mean(np.array(to_train) < 0.06) < 0.8
    assert min(away_m(900_000 + seed) for seed in range(60)) > 0.04


def test_the_path_pushes_as_far_as_asked_and_rises():
    push = Push(np.array([-0.1, 0.02]), np.array([0.6, 0.8]), 0.05)
    path = push_path(push, np.linspace(0, 12, 121))
    low = path[path[:, 2, 3] < 0.012, :2, 3]
    assert (low @ push.direction).max() - push.start_m @ push.direction == pytest.approx(0.05, abs=1e-3)
    assert path[-1, 2, 3] > 0.05


@pytest.mark.parametrize("seed", [3, 900_000])
def test_the_expert_succeeds_within_four_rounds(world, seed):
    held = world("push_shape", seed)
    scores = [PUSH_SHAPE.measure(held.model, held.data, held.arms, seed).read(held.data).score]
    for _ in range(4):
        done = PUSH_SHAPE.demonstrate(held, 13, 6.0, lambda share, what: None, lambda: False)
        scores.append(done.outcome.score)
        if done.outcome.success:
            break
        held = held_after(held, done)
    assert done.outcome.success
    assert scores[-1] == max(scores)


def held_after(held, done):
    """The world as a round left it."""
    of_tools = 7 * len(held.arms)
    lies = Scene(held.seed, done.states[-1][:-of_tools])
    return HandheldWorld(PUSH_SHAPE, lies, load_rig(CONFIG / "rigs" / "cell.yaml"), held.tools)

import mujoco
import numpy as np
import pytest

from dreamitate_ros.simulate.seeds import Split, split_of
from dreamitate_ros.simulate.tasks import simulated_task
from dreamitate_ros.simulate.tasks.grains import KINDS
from dreamitate_ros.simulate.tasks.sweep_expert import LEAN_RAD, Sweep, leaning, sweep_path
from dreamitate_ros.simulate.tasks.sweep_scene import MARK_RADIUS_M, random_sweep

SWEEP = simulated_task("sweep")


@pytest.mark.parametrize(("moved", "success"), [(0, False), (12, False), (13, True), (26, True)])
def test_the_share_on_the_mark_is_counted(things, moved, success):
    seed = next(seed for seed in range(100) if random_sweep(seed).count == 26)
    model, data = things("sweep", seed)
    scene = random_sweep(seed)
    for index in range(moved):
        start = model.joint(f"grain_{index}").qposadr[0]
        angle = 2 * np.pi * index / 26
        edge = 0.98 * MARK_RADIUS_M * np.array([np.cos(angle), np.sin(angle)])
        data.qpos[start : start + 2] = scene.mark_m + edge
    mujoco.mj_forward(model, data)
    outcome = SWEEP.measure(model, data, ("right",), seed).read(data)
    assert outcome.figures["swept_share"] == pytest.approx(moved / 26)
    assert outcome.success is success


def test_the_brush_lies_across_its_way_and_leans_along_it():
    way = np.array([np.cos(0.4), np.sin(0.4)])
    rotation = leaning(way)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(rotation) == pytest.approx(1.0)
    assert rotation[:2, 1] @ way == pytest.approx(0.0)
    assert -rotation[:2, 0] @ way == pytest.approx(np.sin(LEAN_RAD))


def test_the_brush_is_down_behind_the_heap_before_it_meets_it_and_ends_on_the_mark():
    heap_m, mark_m = np.array([0.0, 0.02]), np.array([0.18, 0.02])
    path = sweep_path(Sweep(0.02, 0.01), heap_m, 0.03, mark_m, np.linspace(0, 12, 121))
    x_m, heights_m = path[:, 0, 3], path[:, 2, 3]
    down = int(np.flatnonzero(np.isclose(heights_m, heights_m[-1], atol=1e-4))[0])
    meets = int(np.flatnonzero((x_m[:-1] <= -0.03) & (x_m[1:] > -0.03))[-1])
    assert down < meets
    assert (np.abs(path[meets:, 1, 3] - 0.02) < 0.002).all()
    assert (np.diff(x_m[meets:]) >= 0).all()
    np.testing.assert_allclose(path[-1, :2, 3], [0.17, 0.02], atol=1e-9)


def test_scenes_differ_and_keep_to_their_split():
    for first in (0, 900_000):
        scenes = [random_sweep(seed) for seed in range(first, first + 80)]
        assert {scene.kind.name for scene in scenes} == {kind.name for kind in KINDS[split_of(first)]}
        assert len({scene.rgba for scene in scenes}) == 80
    assert split_of(900_000) is Split.EVALUATION


def test_every_second_training_seed_has_grains_of_any_colour_and_no_evaluation_seed():
    def kinds(first):
        return [random_sweep(seed).kind for seed in range(first, first + 80, 2)]

    assert set(kinds(0)) <= set(KINDS[Split.TRAINING])
    assert set(kinds(900_000) + kinds(900_001)) <= set(KINDS[Split.EVALUATION])
    painted = kinds(1)
    assert not set(painted) & set(KINDS[Split.TRAINING])
    values = [kind.value for kind in painted]
    assert min(values) < 0.3 and max(values) > 0.9
    assert random_sweep(1).kind == painted[0]

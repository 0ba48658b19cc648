import mujoco
import numpy as np
import pytest

from dreamitate_ros.simulate.seeds import split_of
from dreamitate_ros.simulate.tasks import simulated_task
from dreamitate_ros.simulate.tasks.bowls import SIDES
from dreamitate_ros.simulate.tasks.grains import GrainKind, Grains
from dreamitate_ros.simulate.tasks.scoop_expert import CANDIDATES, NOSE_M, scoop_path
from dreamitate_ros.simulate.tasks.scoop_scene import random_scoop

SCOOP, SEED = simulated_task("scoop"), 3


@pytest.mark.parametrize(
    ("moved", "spilled", "success"), [(0, 0, False), (4, 0, False), (5, 0, True), (5, 4, True), (5, 5, False)]
)
def test_grains_moved_and_spilled_are_counted(things, moved, spilled, success):
    model, data = things("scoop", SEED)
    scene = random_scoop(SEED)
    for index in range(moved + spilled):
        start = model.joint(f"grain_{index}").qposadr[0]
        place = [*scene.target.place_m, 0.02] if index < moved else [0.3, 0.2, 0.005]
        data.qpos[start : start + 3] = place
    mujoco.mj_forward(model, data)
    outcome = SCOOP.measure(model, data, ("left",), SEED).read(data)
    assert outcome.figures["moved_grains"] == moved
    assert outcome.figures["spilled_grains"] == spilled
    assert outcome.success is success


def test_settled_grains_lie_in_their_bowl(things):
    model, data = things("scoop", SEED)
    scene = random_scoop(SEED)
    assert scene.source.holds(Grains(model).positions_m(data)).all()
    assert not scene.target.holds(Grains(model).positions_m(data)).any()


def test_a_grain_weighs_what_the_simulation_gives_it(things):
    model, _ = things("scoop", SEED)
    assert model.body("grain_0").mass[0] == pytest.approx(random_scoop(SEED).kind.mass_kg, rel=1e-6)


def test_an_ellipsoid_weighs_as_its_volume():
    kind = GrainKind("", "ellipsoid", (0.01, 0.02, 0.03), 1000, 0.5, (0,), 0, 0)
    assert kind.mass_kg == pytest.approx(0.0251, abs=1e-4)


def test_the_spoon_pours_over_the_middle_of_the_other_bowl():
    scene = random_scoop(SEED)
    last = scoop_path(CANDIDATES[0], scene, np.array([12.0]))[0]
    nose = last[:3, :3] @ [NOSE_M, 0, 0] + last[:3, 3]
    np.testing.assert_allclose(nose[:2], scene.target.place_m, atol=1e-9)
    assert nose[2] > 0.03


@pytest.mark.parametrize("first", [0, 900_000])
def test_scenes_differ_and_bowls_stay_apart(first):
    scenes = [random_scoop(seed) for seed in range(first, first + 60)]
    assert {scene.source.sides for scene in scenes} == set(SIDES[split_of(first)])
    for scene in scenes:
        apart = np.linalg.norm(scene.source.place_m - scene.target.place_m)
        assert apart > scene.source.rim_radius_m + scene.target.rim_radius_m + 0.02

import mujoco
import numpy as np
import pytest

from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.execute.ur5e import HOME_RAD
from dreamitate_ros.simulate.cell import Cell
from dreamitate_ros.simulate.objects import about_z
from dreamitate_ros.simulate.tasks import simulated_task
from dreamitate_ros.simulate.tasks.rotate_truth import CONTACT_MEMORY_S, RotationTruth
from dreamitate_ros.simulate.variation import standing_rig


@pytest.fixture(scope="module")
def cell(rig, tools):
    cell = Cell(simulated_task("rotate"), 7, rig, tools)
    yield cell
    cell.close()


def test_the_arms_wait_at_home_and_nothing_moves(cell):
    cell.reset(7)
    before = cell.scene.positions
    for _ in range(500):
        cell.step()
    for arm in cell.arms:
        np.testing.assert_allclose(cell.joints(arm)[0], HOME_RAD[arm], atol=1e-3)
    np.testing.assert_allclose(cell.scene.positions, before, atol=5e-4)
    assert before.shape == (7,)
    assert not cell.outcome.success


def test_the_servos_follow_a_moving_target(cell):
    cell.reset(7)
    amplitude, period_s = 0.2, 2.0
    worst = 0.0
    for _ in range(1500):
        phase = 2 * np.pi * (cell.time_s + cell.timestep_s) / period_s
        target = HOME_RAD["left"] + amplitude * (1 - np.cos(phase)) / 2
        speed = amplitude * np.pi / period_s * np.sin(phase) * np.ones(6)
        cell.command("left", target, speed)
        cell.step()
        worst = max(worst, float(np.abs(cell.joints("left")[0] - target).max()))
    assert worst < 0.005


def test_the_same_seed_is_the_same_scene(cell):
    cell.reset(3)
    first = cell.data.qpos.copy()
    cell.reset(4)
    other = cell.scene.positions
    cell.reset(3)
    np.testing.assert_array_equal(cell.data.qpos, first)
    assert np.abs(cell.scene.positions - other).max() > 0.01


def test_physics_that_blows_up_is_an_error(cell):
    cell.reset(7)
    cell.data.qvel[:3] = 1e12
    with pytest.raises(DreamitateError, match="scene 7 became unstable"):
        cell.step(2)
    cell.reset(7)
    cell.step()


def test_calibration_and_noise_vary_by_seed_a_little(cell, rig):
    cell.reset(7)
    off_m = np.linalg.norm(cell.rig.world_from_top[:3, 3] - rig.world_from_top[:3, 3])
    assert 1e-5 < off_m < 0.006
    first, again = cell.render("top"), cell.render("top")
    np.testing.assert_array_equal(first, again)
    cell.reset(8)
    assert np.abs(cell.rig.world_from_top - rig.world_from_top).max() > 0
    assert cell.rig.world_from_top[0, 3] != standing_rig(rig, 7).world_from_top[0, 3]
    np.testing.assert_array_equal(standing_rig(rig, 7).top_from_side, standing_rig(rig, 7).top_from_side)


class TestTruth:
    """Turning the object by hand, with and without the tools on it."""

    @pytest.fixture
    def touched(self):
        spec = mujoco.MjSpec()
        spec.option.gravity = [0, 0, 0]
        body = spec.worldbody.add_body(name="object")
        body.add_freejoint()
        body.add_geom(type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=[0.1, 0.05, 0])
        for arm, x in (("left", -0.119), ("right", 0.119)):
            spec.worldbody.add_body(name=f"{arm}_tool", mocap=True, pos=[x, 0, 0]).add_geom(
                type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[0.02, 0, 0]
            )
        model = spec.compile()
        data = mujoco.MjData(model)
        mujoco.mj_forward(model, data)
        return model, data, RotationTruth(model, data, ("left", "right"))

    def turn(self, touched, degrees, seconds=0.1):
        model, data, truth = touched
        for _ in range(10):
            step = np.deg2rad(degrees) / 10
            yaw = np.arctan2(data.xmat[1][3], data.xmat[1][0]) + step
            mujoco.mju_mat2Quat(data.qpos[3:7], about_z(yaw).reshape(9))
            data.time += seconds / 10
            mujoco.mj_forward(model, data)
            truth.update(data)
        return truth.read(data)

    def test_turns_past_half_a_circle_add_up(self, touched):
        for _ in range(5):
            truth = self.turn(touched, 50)
        assert truth.figures["rotated_deg"] == pytest.approx(250)
        assert truth.figures["rotated_in_contact_deg"] == pytest.approx(250)
        assert truth.success
        assert touched[2].touching == (True, True)

    def test_clockwise_counts_negative(self, touched):
        assert self.turn(touched, -20).figures["rotated_deg"] == pytest.approx(-20)

    def test_without_one_tool_a_turn_does_not_count_as_in_contact(self, touched):
        model, data, _ = touched
        self.turn(touched, 10)
        data.mocap_pos[1] = [0.5, 0, 0]
        mujoco.mj_forward(model, data)
        truth = self.turn(touched, 30, seconds=10 * CONTACT_MEMORY_S)
        assert truth.figures["rotated_deg"] == pytest.approx(40)
        assert truth.figures["rotated_in_contact_deg"] == pytest.approx(10, abs=3.1)
        assert not truth.success
        assert touched[2].touching == (True, False)

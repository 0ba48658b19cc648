"""The cell without a wall clock: motions are followed, refused and stopped as the driver does, always the same way."""

import numpy as np
import pytest

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.run import ExecutionStopped, run
from dreamitate_ros.execute.ur5e import HOME_RAD, joint_names
from dreamitate_ros.simulate.cell import Cell
from dreamitate_ros.simulate.stepped import SteppedCell
from dreamitate_ros.simulate.tasks import simulated_task
from dreamitate_ros.values import ArmTrajectory, ToolPath

TURN_RAD = np.array([0.2, 0.0, 0.0, 0.0, 0.0, 0.1])


@pytest.fixture
def stepped(rig, tools):
    cell = Cell(simulated_task("rotate"), 7, rig, tools)
    yield SteppedCell(cell)
    cell.close()


def a_motion(arm, seconds=1.0, start=None):
    times_s = np.linspace(0, seconds, 21)
    share = times_s / seconds
    smooth = share**3 * (10 - 15 * share + 6 * share**2)
    start = HOME_RAD[arm] if start is None else start
    positions = start + smooth[:, None] * TURN_RAD
    velocities = np.gradient(positions, times_s, axis=0)
    velocities[[0, -1]] = 0.0
    path = ToolPath(arm, np.array([0.0, seconds]), np.stack([np.eye(4)] * 2))
    zeros = np.zeros_like(positions)
    return ArmTrajectory(arm, joint_names(arm), times_s, positions, velocities, zeros, (0.2, 0.8), path)


def acted_out(stepped, tools, stop=lambda: False, **options):
    trajectories = {arm: a_motion(arm) for arm in stepped.arms}
    return run(trajectories, stepped.arms, tools, lambda *_: None, stop, stepped.clock, **options)


def test_both_arms_follow_on_one_clock(stepped, tools):
    execution = acted_out(stepped, tools)
    for arm, driver in stepped.arms.items():
        np.testing.assert_allclose(driver.state().positions, HOME_RAD[arm] + TURN_RAD, atol=0.005)
        assert len(execution.positions[arm]) > 20
    assert 1.9 < stepped.clock.now_s() < 3.0  # a second until the start, a second of motion


def test_a_busy_machine_is_no_lost_driver(stepped, tools):
    assert len(acted_out(stepped, tools, stale_s=0.0).times_s) > 20


def test_twice_the_same(stepped, tools):
    first = acted_out(stepped, tools)
    stepped.cell.reset(7)
    second = acted_out(SteppedCell(stepped.cell), tools)
    np.testing.assert_array_equal(first.positions["left"], second.positions["left"])


def test_a_cancel_stops_both_arms(stepped, tools):
    with pytest.raises(ExecutionStopped) as stopped:
        acted_out(stepped, tools, stop=lambda: stepped.clock.now_s() > 1.5)
    assert stopped.value.code == ErrorCode.CANCELLED
    assert "stand still" in stopped.value.message
    for arm, driver in stepped.arms.items():
        assert np.abs(driver.state().velocities).max() < 0.01
        assert 0.01 < np.abs(driver.state().positions - HOME_RAD[arm]).max() < 0.15


def test_a_motion_from_elsewhere_is_refused(stepped):
    with pytest.raises(DreamitateError, match="starts") as refused:
        stepped.arms["left"].send(a_motion("left", start=HOME_RAD["left"] + 0.5), 1.0)
    assert refused.value.code == ErrorCode.CONTROLLER_REJECTED

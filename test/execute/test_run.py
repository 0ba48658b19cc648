"""Running and stopping, on arms that move as told until something is made to go wrong."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import trimesh

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.arm import ArmState
from dreamitate_ros.execute.kinematics import flange_pose
from dreamitate_ros.execute.run import Clock, ExecutionStopped, run
from dreamitate_ros.execute.safety import positions_at
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import ArmTrajectory, Array, Execution, ToolPath

START = np.array([0.3, -1.6, 1.7, -1.7, -1.5, 0.2])
DURATION_S = 1.0
STALE_S = 10.0  # of joint states that this very process just made, on a busy machine
TOOL = Tool("left", trimesh.creation.box((0.1, 0.1, 0.1)), np.eye(4), mesh_path=None)  # type: ignore[arg-type]


class Time:
    """Passes when run() waits, and only then: a busy machine sees the same as an idle one."""

    now_s = 100.0

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


TIME = Time()
CLOCK = Clock(lambda: TIME.now_s, TIME.sleep)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """These arms need no time for goals to arrive, and stop at once or never."""
    monkeypatch.setattr("dreamitate_ros.execute.run.START_IN_S", 0.1)
    monkeypatch.setattr("dreamitate_ros.execute.run.STILL_TIMEOUT_S", 0.5)


def trajectory(arm: str) -> ArmTrajectory:
    times_s = np.linspace(0, DURATION_S, 51)
    smooth = 0.5 - 0.5 * np.cos(np.pi * times_s / DURATION_S)
    positions = START + smooth[:, None] * np.array([0.2, 0.1, 0, 0, 0, 0.3])
    zeros = np.zeros_like(positions)
    path = ToolPath(arm, times_s[10:40], flange_pose(positions[10:40]))
    names = tuple(f"{arm}_{index}" for index in range(6))
    return ArmTrajectory(arm, names, times_s, positions, zeros, zeros, (0.2, 0.8), path)


@dataclass
class FollowingArm:
    """Follows its trajectory exactly. fault: changes the state it reports, given the time since the start."""

    fault: Callable[[ArmState, float], ArmState] = lambda state, elapsed_s: state
    end: tuple[int, str] = (0, "")
    cancelled_at_s: float | None = None
    offset_rad: Array = field(default_factory=lambda: np.zeros(6))
    _motion: ArmTrajectory | None = None
    _start_s: float = 0.0

    def ready(self) -> None:
        self.state()

    def state(self) -> ArmState:
        now_s = CLOCK.now_s()
        elapsed_s = (self.cancelled_at_s or now_s) - self._start_s
        positions = START if self._motion is None else positions_at(self._motion, elapsed_s)
        state = ArmState(time.monotonic(), now_s, positions + self.offset_rad, np.zeros(6), 7, 1, True, 1.0)
        return self.fault(state, elapsed_s) if self._motion is not None else state

    def send(self, trajectory: ArmTrajectory, start_in_s: float) -> float:
        self._motion, self._start_s = trajectory, CLOCK.now_s() + start_in_s
        return self._start_s

    def result(self) -> tuple[int, str] | None:
        return self.end if CLOCK.now_s() > self._start_s + DURATION_S + 0.05 else None

    def cancel(self) -> None:
        self.cancelled_at_s = self.cancelled_at_s or CLOCK.now_s()


def act(
    left: FollowingArm, right: FollowingArm, stop: Callable[[], bool] = lambda: False
) -> tuple[Execution, list[str]]:
    phases: list[str] = []
    arms = {"left": left, "right": right}
    trajectories = {arm: trajectory(arm) for arm in arms}
    execution = run(
        trajectories,
        arms,
        dict.fromkeys(arms, TOOL),
        lambda phase, fraction, error_m: phases.append(phase),
        stop,
        CLOCK,
        STALE_S,
    )
    return execution, phases


def stopped(
    left: FollowingArm, right: FollowingArm, stop: Callable[[], bool] = lambda: False
) -> ExecutionStopped:
    with pytest.raises(ExecutionStopped) as caught:
        act(left, right, stop)
    assert left.cancelled_at_s is not None
    assert right.cancelled_at_s is not None, "all arms stop when one has to"
    return caught.value


def after(elapsed_s: float, **changes: object) -> Callable[[ArmState, float], ArmState]:
    return lambda state, now_s: replace(state, **changes) if now_s > elapsed_s else state  # type: ignore[arg-type]


def test_both_arms_follow_and_the_error_is_measured() -> None:
    execution, phases = act(FollowingArm(), FollowingArm())
    assert list(dict.fromkeys(phases)) == ["approaching", "following", "retreating"]
    for arm in ("left", "right"):
        assert np.nanmax(execution.path_error_mm[arm]) < 3.0
        assert np.nanmax(execution.path_error_deg[arm]) < 1.0
        assert np.isfinite(execution.path_error_mm[arm]).mean() > 0.9


def test_the_error_is_that_of_the_arm() -> None:
    execution, _ = act(FollowingArm(offset_rad=np.array([0, 0, 0, 0, 0, 0.017])), FollowingArm())
    assert np.nanmedian(execution.path_error_deg["left"]) == pytest.approx(np.rad2deg(0.017), abs=0.3)


def test_cancel_stops_both_arms() -> None:
    asked_s = CLOCK.now_s() + 0.5
    error = stopped(FollowingArm(), FollowingArm(), lambda: CLOCK.now_s() > asked_s)
    assert error.code == ErrorCode.CANCELLED
    assert "stand still" in error.message
    assert len(error.execution.times_s) > 0, "what was measured until then is kept"


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (after(0.2, safety_mode=3), ErrorCode.PROTECTIVE_STOP),
        (after(0.2, robot_mode=5), ErrorCode.ROBOT_NOT_READY),
        (after(0.2, program_running=False), ErrorCode.ROBOT_NOT_READY),
        (after(0.2, speed_scaling=0.0), ErrorCode.ROBOT_NOT_READY),
        (after(0.2, received_s=0.0), ErrorCode.DRIVER_LOST),
        (after(0.2, positions=START + 0.6), ErrorCode.PATH_DEVIATION),
    ],
)
def test_each_fault_stops_all_arms(fault: Callable[[ArmState, float], ArmState], code: ErrorCode) -> None:
    error = stopped(FollowingArm(fault=fault), FollowingArm())
    assert error.code == code
    assert "left arm" in error.message


def test_a_protective_stop_that_is_heard_of_last_is_the_cause() -> None:
    def fault(state: ArmState, elapsed_s: float) -> ArmState:
        told = arm.cancelled_at_s is not None and CLOCK.now_s() > arm.cancelled_at_s + 0.1
        return replace(after(0.2, speed_scaling=0.0)(state, elapsed_s), safety_mode=3 if told else 1)

    arm = FollowingArm(fault=fault)
    assert stopped(arm, FollowingArm()).code == ErrorCode.PROTECTIVE_STOP


def test_arms_that_hide_once_cancelled_leave_the_first_reason_and_the_record() -> None:
    def fault(state: ArmState, elapsed_s: float) -> ArmState:
        if arm.cancelled_at_s is not None:
            raise RuntimeError("the context is gone")
        return after(0.2, speed_scaling=0.0)(state, elapsed_s)

    arm = FollowingArm(fault=fault)
    error = stopped(arm, FollowingArm())
    assert error.code == ErrorCode.ROBOT_NOT_READY and "NOT known to stand still" in error.message
    assert len(error.execution.times_s) > 0


@pytest.mark.parametrize(("load", "suspected"), [(0.3, False), (90.0, True)])
def test_late_joint_states_on_a_busy_computer_may_not_be_the_drivers_fault(
    load: float, suspected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.getloadavg", lambda: (load, load, load))
    monkeypatch.setattr("os.cpu_count", lambda: 16)
    message = stopped(FollowingArm(fault=after(0.2, received_s=0.0)), FollowingArm()).message
    assert ("a load of 90.0 on 16 cores" in message) == suspected
    assert "check its driver" in message


def test_an_arm_that_does_not_come_to_rest_is_told() -> None:
    moving = after(0.2, safety_mode=3, velocities=np.full(6, 0.2))
    assert "NOT known to stand still" in stopped(FollowingArm(fault=moving), FollowingArm()).message


def test_slow_publishers_are_believed_as_far_as_allowed() -> None:
    """Joint states that are late, but not later than the caller allows, still tell that an arm rests."""

    def late(state: ArmState, elapsed_s: float) -> ArmState:
        return replace(state, received_s=state.received_s - 1.0)

    arms = {"left": FollowingArm(fault=late)}
    failing = [False, False, True]
    with pytest.raises(ExecutionStopped) as caught:
        run(
            {"left": trajectory("left")},
            arms,
            {"left": TOOL},
            lambda *_: None,
            lambda: failing.pop(0) if failing else False,
            CLOCK,
            stale_s=60.0,
        )
    assert "and the arms stand still" in caught.value.message


def test_what_nobody_foresaw_stops_all_arms_and_keeps_the_record() -> None:
    def fault(state: ArmState, elapsed_s: float) -> ArmState:
        if 0.3 < elapsed_s < 0.4:
            raise ValueError("torn message")
        return state

    error = stopped(FollowingArm(fault=fault), FollowingArm())
    assert error.code == ErrorCode.UNKNOWN
    assert "torn message" in error.message
    assert len(error.execution.times_s) > 0


class UnstoppableArm(FollowingArm):
    def cancel(self) -> None:
        super().cancel()
        raise RuntimeError("no connection")


def test_one_arms_failing_cancel_does_not_spare_the_other() -> None:
    error = stopped(UnstoppableArm(fault=after(0.2, safety_mode=3)), FollowingArm())
    assert error.code == ErrorCode.PROTECTIVE_STOP
    assert "cancel of the left arm's motion FAILED" in error.message


def test_a_refused_goal_stops_the_arm_that_took_its_own() -> None:
    class RefusingArm(FollowingArm):
        def send(self, trajectory: ArmTrajectory, start_in_s: float) -> float:
            raise DreamitateError(ErrorCode.CONTROLLER_REJECTED, "the right arm's controller rejected it")

    assert stopped(FollowingArm(), RefusingArm()).code == ErrorCode.CONTROLLER_REJECTED


def test_an_arm_that_accepts_too_late_leaves_the_others_unmoved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dreamitate_ros.execute.run.START_IN_S", 5.0)
    left_to_start_s = []

    class SlowArm(FollowingArm):
        def send(self, trajectory: ArmTrajectory, start_in_s: float) -> float:
            CLOCK.sleep(0.2)
            return super().send(trajectory, start_in_s - 0.2)

    class LateArm(FollowingArm):
        def send(self, trajectory: ArmTrajectory, start_in_s: float) -> float:
            left_to_start_s.append(start_in_s)
            raise DreamitateError(ErrorCode.CONTROLLER_REJECTED, "the right arm's controller was too late")

    left = SlowArm()
    error = stopped(left, LateArm())
    assert error.code == ErrorCode.CONTROLLER_REJECTED
    assert left_to_start_s[0] == pytest.approx(4.8), "what the first arm took is gone from the second's time"
    assert left.cancelled_at_s is not None
    assert left.cancelled_at_s < left._start_s


@pytest.mark.parametrize(
    ("end", "code"),
    [((-1, ""), ErrorCode.CONTROLLER_REJECTED), ((-4, "elbow"), ErrorCode.PATH_DEVIATION)],
)
def test_a_controllers_error_is_told_in_words(end: tuple[int, str], code: ErrorCode) -> None:
    assert stopped(FollowingArm(), FollowingArm(end=end)).code == code


def test_nothing_moves_when_an_arm_stands_elsewhere() -> None:
    left = FollowingArm(offset_rad=np.array([0, 0.1, 0, 0, 0, 0]))
    with pytest.raises(DreamitateError, match=r"shoulder_lift_joint moved 5\.7 deg") as caught:
        act(left, FollowingArm())
    assert caught.value.code == ErrorCode.ROBOT_NOT_READY
    assert left._motion is None

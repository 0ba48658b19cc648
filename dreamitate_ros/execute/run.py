"""Run planned motions on all arms at once, watch them, and stop all of them when anything is wrong."""

import time
from collections.abc import Callable, Mapping

import numpy as np

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.execute import safety
from dreamitate_ros.execute.arm import Arm
from dreamitate_ros.execute.path_error import path_error
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import ArmTrajectory, Array, Execution, Stop

START_IN_S = 0.3  # both arms get the same start, late enough for both goals to have arrived
PERIOD_S = 0.02
STILL_TIMEOUT_S = 2.0
SLACK = 2.0  # a run takes at most this many times its plan ...
SLACK_S = 10.0  # ... and this much more, at full speed

Feedback = Callable[[str, float, float], None]
"""Called with the phase (approaching, following, retreating), the fraction done, and the largest error in m."""


class ExecutionStopped(DreamitateError):
    """A motion broken off; `execution` holds what was measured until then."""

    def __init__(self, error: DreamitateError, execution: Execution, end: str) -> None:
        super().__init__(error.code, f"{error.message}; {end}")
        self.execution = execution


class _Log:
    """Measured joints of all arms on one clock."""

    def __init__(self, arms: Mapping[str, Arm]) -> None:
        self._arms = arms
        self.times_s: list[float] = []
        self._positions: dict[str, list[Array]] = {arm: [] for arm in arms}

    def add(self, elapsed_s: float) -> None:
        self.times_s.append(elapsed_s)
        for name, arm in self._arms.items():
            self._positions[name].append(arm.state().positions)

    def positions(self, arm: str) -> Array:
        return np.array(self._positions[arm]).reshape(-1, 6)

    def execution(self, trajectories: Mapping[str, ArmTrajectory], tools: Mapping[str, Tool]) -> Execution:
        times_s = np.array(self.times_s)
        errors = {
            arm: path_error(trajectory, tools[arm], times_s, self.positions(arm))
            for arm, trajectory in trajectories.items()
        }
        return Execution(
            times_s=times_s,
            positions={arm: self.positions(arm) for arm in trajectories},
            path_error_mm={arm: mm for arm, (mm, _) in errors.items()},
            path_error_deg={arm: deg for arm, (_, deg) in errors.items()},
        )


def run(
    trajectories: Mapping[str, ArmTrajectory],
    arms: Mapping[str, Arm],
    tools: Mapping[str, Tool],
    feedback: Feedback,
    stop: Stop,
) -> Execution:
    """Move all arms along their trajectories, on one clock, and measure how well they did.

    Raises DreamitateError before anything moves, and ExecutionStopped after: then every arm's motion was cancelled
    first, and the message says whether the arms came to rest. Codes: CANCELLED, DRIVER_LOST, PROTECTIVE_STOP,
    ROBOT_NOT_READY, PATH_DEVIATION, CONTROLLER_REJECTED.
    """
    for name, trajectory in trajectories.items():
        arms[name].ready()
        state = arms[name].state()
        safety.require_operational(name, state)
        safety.require_at_start(trajectory, state)
    if stop():
        raise Cancelled("motion")
    log = _Log({name: arms[name] for name in trajectories})
    try:
        start_s = time.monotonic() + START_IN_S
        for name, trajectory in trajectories.items():
            arms[name].send(trajectory, start_s - time.monotonic())
        _watch(trajectories, arms, start_s, log, feedback, stop)
    except BaseException as error:
        for name in trajectories:
            arms[name].cancel()
        end = _come_to_rest({name: arms[name] for name in trajectories}, start_s, log)
        if isinstance(error, DreamitateError):
            raise ExecutionStopped(error, log.execution(trajectories, tools), end) from None
        raise
    return log.execution(trajectories, tools)


def _watch(
    trajectories: Mapping[str, ArmTrajectory],
    arms: Mapping[str, Arm],
    start_s: float,
    log: _Log,
    feedback: Feedback,
    stop: Stop,
) -> None:
    """Until every controller reports success; raises as soon as one arm, or the user, gives reason to stop."""
    duration_s = max(float(trajectory.times_s[-1]) for trajectory in trajectories.values())
    slowest = 1.0
    while any(arms[name].result() is None for name in trajectories):
        elapsed_s = time.monotonic() - start_s
        if stop():
            raise Cancelled("motion")
        for name, trajectory in trajectories.items():
            state = arms[name].state()
            safety.require_operational(name, state)
            safety.require_success(name, arms[name].result())
            safety.require_on_path(trajectory, state, elapsed_s)
            slowest = min(slowest, state.speed_scaling or 1.0)
        if elapsed_s > (SLACK * duration_s + SLACK_S) / slowest:
            raise DreamitateError(
                ErrorCode.DRIVER_LOST,
                f"the controllers did not finish {duration_s:.1f} s of motion in {elapsed_s:.0f} s",
            )
        if elapsed_s >= 0:
            log.add(elapsed_s)
            feedback(
                _phase(trajectories, elapsed_s), min(1.0, elapsed_s / duration_s), _error_m(trajectories, log)
            )
        time.sleep(PERIOD_S)
    for name in trajectories:
        safety.require_success(name, arms[name].result())


def _phase(trajectories: Mapping[str, ArmTrajectory], elapsed_s: float) -> str:
    if elapsed_s < min(trajectory.contact_s[0] for trajectory in trajectories.values()):
        return "approaching"
    if elapsed_s <= max(trajectory.contact_s[1] for trajectory in trajectories.values()):
        return "following"
    return "retreating"


def _error_m(trajectories: Mapping[str, ArmTrajectory], log: _Log) -> float:
    """Largest joint-space lag of the last measurement, as the tool's distance at an arm's length: cheap, for
    feedback only; the result has the true error."""
    reach_m, now_s = 0.8, log.times_s[-1]
    lags = [
        np.abs(log.positions(arm)[-1] - safety.positions_at(trajectory, now_s)).max()
        for arm, trajectory in trajectories.items()
    ]
    return float(reach_m * max(lags))


def _come_to_rest(arms: Mapping[str, Arm], start_s: float, log: _Log) -> str:
    """Watch the arms stop; says in words whether they did."""
    deadline_s = time.monotonic() + STILL_TIMEOUT_S
    while time.monotonic() < deadline_s:
        try:
            states = [arm.state() for arm in arms.values()]
            log.add(time.monotonic() - start_s)
        except DreamitateError:
            break
        fresh = all(time.monotonic() - state.stamp_s < safety.STALE_S for state in states)
        if fresh and all(safety.is_still(state) for state in states):
            return "the arms' motion was cancelled and they stand still"
        time.sleep(PERIOD_S)
    return "the arms' motion was cancelled, but they are NOT known to stand still: use the emergency stop if in doubt"

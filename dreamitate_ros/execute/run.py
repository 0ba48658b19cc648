"""Run planned motions on all arms at once, watch them, and stop all of them when anything is wrong."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.execute import safety
from dreamitate_ros.execute.arm import Arm, ArmState
from dreamitate_ros.execute.path_error import path_error
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import ArmTrajectory, Array, Execution, Stop

START_IN_S = 1.0  # all arms get the same start, late enough for all goals to be accepted before
PERIOD_S = 0.02
STILL_TIMEOUT_S = 2.0
TOLD_WITHIN_S = 0.2  # a robot tells its safety mode, its program and its speed each on a topic of its own
SLACK = 2.0  # a run takes at most this many times its plan ...
SLACK_S = 10.0  # ... and this much more, at full speed
EFFECTS_OF_A_PROTECTIVE_STOP = (
    ErrorCode.ROBOT_NOT_READY,
    ErrorCode.PATH_DEVIATION,
    ErrorCode.CONTROLLER_REJECTED,
)

Feedback = Callable[[str, float, float], None]
"""Called with the phase (approaching, following, retreating), the fraction done, and the largest error in m."""


@dataclass(frozen=True)
class Clock:
    """now_s: seconds that never go back. sleep: returns so many seconds of that clock later."""

    now_s: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


WALL = Clock()


class ExecutionStopped(DreamitateError):
    """A motion broken off; `execution` holds what was measured until then."""

    def __init__(self, error: DreamitateError, execution: Execution, end: str) -> None:
        super().__init__(error.code, f"{error.message}; {end}")
        self.execution = execution


class _Log:
    """Measured joints of all arms, each with its time since the start by the driver's clock."""

    def __init__(self, arms: Iterable[str]) -> None:
        self._times_s: dict[str, list[float]] = {arm: [] for arm in arms}
        self._positions: dict[str, list[Array]] = {arm: [] for arm in arms}

    def add(self, arm: str, elapsed_s: float, state: ArmState) -> None:
        if self._times_s[arm] and elapsed_s <= self._times_s[arm][-1]:
            return  # nothing new was measured since
        self._times_s[arm].append(elapsed_s)
        self._positions[arm].append(state.positions)

    def times_s(self, arm: str) -> Array:
        return np.array(self._times_s[arm])

    def positions(self, arm: str) -> Array:
        return np.array(self._positions[arm]).reshape(-1, 6)

    def execution(self, trajectories: Mapping[str, ArmTrajectory], tools: Mapping[str, Tool]) -> Execution:
        errors = {
            arm: path_error(trajectory, tools[arm], self.times_s(arm), self.positions(arm))
            for arm, trajectory in trajectories.items()
        }
        times_s = self.times_s(next(iter(trajectories)))
        return Execution(
            times_s=times_s,
            positions={arm: _at(times_s, self.times_s(arm), self.positions(arm)) for arm in trajectories},
            path_error_mm={arm: mm for arm, (mm, _) in errors.items()},
            path_error_deg={arm: deg for arm, (_, deg) in errors.items()},
        )


def _at(times_s: Array, measured_s: Array, positions: Array) -> Array:
    """(M, 6) joints measured at other times, at times_s (M,)."""
    if len(measured_s) == 0:
        return np.full((len(times_s), 6), np.nan)
    return np.stack([np.interp(times_s, measured_s, column) for column in positions.T], axis=1)


def run(
    trajectories: Mapping[str, ArmTrajectory],
    arms: Mapping[str, Arm],
    tools: Mapping[str, Tool],
    feedback: Feedback,
    stop: Stop,
    clock: Clock = WALL,
    stale_s: float = safety.STALE_S,
) -> Execution:
    """Move all arms along their trajectories, on one clock, and measure how well they did.

    stale_s: how old joint states may be before all arms are stopped.

    clock: what time passes by; the wall's, but for arms simulated faster or slower.
    Raises DreamitateError before anything moves, and ExecutionStopped after: then every arm's motion was cancelled
    first, and the message says whether the arms came to rest. Codes: CANCELLED, DRIVER_LOST, PROTECTIVE_STOP,
    ROBOT_NOT_READY, PATH_DEVIATION, CONTROLLER_REJECTED; UNKNOWN for what nobody foresaw.
    """
    for name, trajectory in trajectories.items():
        arms[name].ready()
        state = arms[name].state()
        safety.require_operational(name, state, stale_s)
        safety.require_at_start(trajectory, state)
    if stop():
        raise Cancelled("motion")
    log, starts_s = _Log(trajectories), {}
    try:
        start_s = clock.now_s() + START_IN_S
        for name, trajectory in trajectories.items():
            starts_s[name] = arms[name].send(trajectory, start_s - clock.now_s())
        _watch(trajectories, arms, starts_s, log, feedback, stop, clock, stale_s)
    except BaseException as error:
        moving = {name: arms[name] for name in trajectories}
        cancelled = _cancel(moving)
        end = f"{cancelled} {_come_to_rest(moving, starts_s, log, clock, stale_s)}"
        if isinstance(error, DreamitateError):
            cause = _cause(error, moving, clock)
            raise ExecutionStopped(cause, log.execution(trajectories, tools), end) from None
        if not isinstance(error, Exception):
            raise  # an interrupt stays one
        unexpected = DreamitateError(ErrorCode.UNKNOWN, f"the motion broke off: {error!r}")
        raise ExecutionStopped(unexpected, log.execution(trajectories, tools), end) from error
    return log.execution(trajectories, tools)


def _watch(
    trajectories: Mapping[str, ArmTrajectory],
    arms: Mapping[str, Arm],
    starts_s: Mapping[str, float],
    log: _Log,
    feedback: Feedback,
    stop: Stop,
    clock: Clock,
    stale_s: float,
) -> None:
    """Until every controller reports success; raises as soon as one arm, or the user, gives reason to stop."""
    duration_s = max(float(trajectory.times_s[-1]) for trajectory in trajectories.values())
    slowest = 1.0
    while any(arms[name].result() is None for name in trajectories):
        if stop():
            raise Cancelled("motion")
        for name, trajectory in trajectories.items():
            state = arms[name].state()
            elapsed_s = state.measured_s - starts_s[name]
            safety.require_operational(name, state, stale_s)
            safety.require_success(name, arms[name].result())
            safety.require_on_path(trajectory, state, elapsed_s)
            slowest = min(slowest, state.speed_scaling or 1.0)
            if elapsed_s >= 0:
                log.add(name, elapsed_s, state)
        if elapsed_s > (SLACK * duration_s + SLACK_S) / slowest:
            raise DreamitateError(
                ErrorCode.DRIVER_LOST, f"the controllers did not finish {duration_s:.1f} s of motion in time"
            )
        feedback(
            _phase(trajectories, elapsed_s),
            float(np.clip(elapsed_s / duration_s, 0, 1)),
            _error_m(trajectories, log),
        )
        clock.sleep(PERIOD_S)
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
    reach_m = 0.8
    lags = [
        np.abs(log.positions(arm)[-1] - safety.positions_at(trajectory, log.times_s(arm)[-1])).max()
        for arm, trajectory in trajectories.items()
        if len(log.times_s(arm))
    ]
    return float(reach_m * max(lags, default=0.0))


def _cancel(arms: Mapping[str, Arm]) -> str:
    """Cancel every arm's motion, whatever happens to the others'; says in words whether it worked."""
    failed = []
    for name, arm in arms.items():
        try:
            arm.cancel()
        except Exception:
            failed.append(name)
    if failed:
        return f"the cancel of the {' and '.join(failed)} arm's motion FAILED"
    return "the arms' motion was cancelled"


def _cause(error: DreamitateError, arms: Mapping[str, Arm], clock: Clock) -> DreamitateError:
    """Why the arms stopped: a protective stop also ends the program, the speed and the motion, and any of these may
    be heard of first."""
    if error.code not in EFFECTS_OF_A_PROTECTIVE_STOP:
        return error
    deadline_s = clock.now_s() + TOLD_WITHIN_S
    while clock.now_s() < deadline_s:
        try:
            for name, arm in arms.items():
                safety.require_safety_mode(name, arm.state())
        except Exception as later:  # whatever hides the arms, the first reason stands, and the record is kept
            if isinstance(later, DreamitateError) and later.code == ErrorCode.PROTECTIVE_STOP:
                return later
            return error
        clock.sleep(PERIOD_S)
    return error


def _come_to_rest(
    arms: Mapping[str, Arm], starts_s: Mapping[str, float], log: _Log, clock: Clock, stale_s: float
) -> str:
    """Watch the arms stop; says in words whether they did."""
    deadline_s = clock.now_s() + STILL_TIMEOUT_S
    while clock.now_s() < deadline_s:
        try:
            states = {name: arm.state() for name, arm in arms.items()}
        except Exception:  # whatever hides the arms, they are not known to stand still
            break
        for name, start_s in starts_s.items():
            log.add(name, states[name].measured_s - start_s, states[name])
        fresh = all(time.monotonic() - state.received_s < stale_s for state in states.values())
        if fresh and all(safety.is_still(state) for state in states.values()):
            return "and the arms stand still"
        clock.sleep(PERIOD_S)
    return "but the arms are NOT known to stand still: use the emergency stop if in doubt"

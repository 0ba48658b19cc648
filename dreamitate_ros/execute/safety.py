"""What must hold before and during motion; each check raises one error that says what is wrong with which arm."""

import os
import time

import numpy as np

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.arm import ArmState
from dreamitate_ros.execute.ur5e import JOINT_NAMES
from dreamitate_ros.values import ArmTrajectory, Array

# ur_dashboard_msgs
ROBOT_RUNNING = 7
SAFETY_NORMAL, SAFETY_REDUCED, SAFETY_PROTECTIVE_STOP = 1, 2, 3

STALE_S = 0.15
"""Joint states arrive every 2 to 10 ms; a busy machine may need more patience (parameter stale_s)."""

LAG_S = 0.5
START_TOLERANCE_RAD = 0.02
DEVIATION_RAD = 0.15
STILL_RAD_S = 0.01

CONTROLLER_WORDS = {
    -1: "the goal is invalid",
    -2: "the joint names do not match the controller's",
    -3: "its start lies in the past",
    -4: "a joint left the path tolerance",
    -5: "the end was not reached within the goal tolerance",
}


def require_operational(arm: str, state: ArmState, stale_s: float = STALE_S) -> None:
    """Joint states are fresh and the robot may move; raises DRIVER_LOST, PROTECTIVE_STOP or ROBOT_NOT_READY."""
    age_s = time.monotonic() - state.received_s
    if age_s > stale_s:
        raise DreamitateError(
            ErrorCode.DRIVER_LOST,
            f"the {arm} arm's joint states stopped {age_s:.2f} s ago; check its driver{_if_busy()}",
        )
    if not state.controller_there:
        raise DreamitateError(
            ErrorCode.DRIVER_LOST, f"the {arm} arm's controller is gone; check its driver and start it again"
        )
    require_safety_mode(arm, state)
    if state.robot_mode not in (None, ROBOT_RUNNING):
        raise DreamitateError(
            ErrorCode.ROBOT_NOT_READY, f"the {arm} arm's robot mode is {state.robot_mode}, not RUNNING (7)"
        )
    if state.program_running is False:
        raise DreamitateError(
            ErrorCode.ROBOT_NOT_READY,
            f"the {arm} arm's external control program does not run; start it on the pendant",
        )
    if state.speed_scaling == 0.0:
        raise DreamitateError(
            ErrorCode.ROBOT_NOT_READY, f"the {arm} arm's speed scaling is 0; raise the speed slider"
        )


def require_safety_mode(arm: str, state: ArmState) -> None:
    """Nothing made the robot stop for safety; raises PROTECTIVE_STOP."""
    if state.safety_mode == SAFETY_PROTECTIVE_STOP:
        raise DreamitateError(
            ErrorCode.PROTECTIVE_STOP,
            f"the {arm} arm is in protective stop; find out why before you unlock it on the pendant",
        )
    if state.safety_mode not in (None, SAFETY_NORMAL, SAFETY_REDUCED):
        raise DreamitateError(
            ErrorCode.PROTECTIVE_STOP, f"the {arm} arm's safety mode is {state.safety_mode}, not normal"
        )


def _if_busy() -> str:
    """A suspicion where more wants to run than this computer can: a late process hears a good driver late."""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load <= cores:
        return ""
    return f", and what else runs here: a load of {load:.1f} on {cores} cores delays joint states, too"


def require_at_start(trajectory: ArmTrajectory, state: ArmState) -> None:
    """The arm still stands where the plan begins; raises ROBOT_NOT_READY."""
    offset_rad = np.abs(state.positions - trajectory.positions[0])
    worst = int(offset_rad.argmax())
    if offset_rad[worst] > START_TOLERANCE_RAD:
        raise DreamitateError(
            ErrorCode.ROBOT_NOT_READY,
            f"the {trajectory.arm} arm's {JOINT_NAMES[worst]} moved {np.rad2deg(offset_rad[worst]):.1f} deg"
            " since the plan was made; plan again",
        )


def require_on_path(trajectory: ArmTrajectory, state: ArmState, elapsed_s: float) -> None:
    """The joints follow the plan; raises PATH_DEVIATION naming joint, time and amount.

    The path is judged, not the clock: an arm may lag by LAG_S. A controller slowed down by the speed slider lags
    more by design and is not judged here.
    """
    if state.speed_scaling is not None and state.speed_scaling < 1.0:
        return
    recent = [positions_at(trajectory, elapsed_s - lag_s) for lag_s in np.linspace(0.0, LAG_S, 11)]
    offsets_rad = np.abs(state.positions - np.array(recent))
    offset_rad = offsets_rad[offsets_rad.max(axis=1).argmin()]
    worst = int(offset_rad.argmax())
    if offset_rad[worst] > DEVIATION_RAD:
        raise DreamitateError(
            ErrorCode.PATH_DEVIATION,
            f"the {trajectory.arm} arm's {JOINT_NAMES[worst]} is {np.rad2deg(offset_rad[worst]):.1f} deg off its"
            f" path {elapsed_s:.1f} s after the start; did it hit something?",
        )


def require_success(arm: str, result: tuple[int, str] | None) -> None:
    """No controller reported an error; raises CONTROLLER_REJECTED or PATH_DEVIATION in words."""
    if result is None or result[0] == 0:
        return
    code, text = result
    deviation = code in (-4, -5)
    raise DreamitateError(
        ErrorCode.PATH_DEVIATION if deviation else ErrorCode.CONTROLLER_REJECTED,
        f"the {arm} arm's controller ended the motion: {CONTROLLER_WORDS.get(code, f'error {code}')}"
        + (f" ({text})" if text else ""),
    )


def positions_at(trajectory: ArmTrajectory, elapsed_s: float) -> Array:
    """(6,) rad planned at elapsed_s; the first and last point before and after."""
    times_s = trajectory.times_s
    return np.array([np.interp(elapsed_s, times_s, column) for column in trajectory.positions.T])


def is_still(state: ArmState) -> bool:
    """Whether no joint moves; unknown velocities do not count as still."""
    return bool((np.abs(state.velocities) < STILL_RAD_S).all())

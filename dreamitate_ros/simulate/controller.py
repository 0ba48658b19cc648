"""An arm's trajectory controller, as ros2_control's scaled_joint_trajectory_controller behaves. No ROS.

Not thread-safe: the physics thread updates it under the cell's lock, goals come in under the same lock.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from dreamitate_ros.simulate.joint_spline import JointSpline
from dreamitate_ros.values import Array

PATH_TOLERANCE_RAD, GOAL_TOLERANCE_RAD = 0.2, 0.1  # ur_robot_driver's defaults
START_TOLERANCE_RAD = 0.1
GOAL_TIME_S = 1.0


class Outcome(IntEnum):
    """The result codes of control_msgs/FollowJointTrajectory."""

    SUCCESSFUL = 0
    INVALID_GOAL = -1
    INVALID_JOINTS = -2
    OLD_HEADER_TIMESTAMP = -3
    PATH_TOLERANCE_VIOLATED = -4
    GOAL_TOLERANCE_VIOLATED = -5


@dataclass(frozen=True)
class JointGoal:
    """What a client asks for; joints in the client's order, times from the start, start on the cell's clock.

    velocities, accelerations: (N, J) or None. path_tolerance, goal_tolerance: joint -> rad, where given;
    0 means the default, negative means any. start_s None: at once.
    """

    joint_names: Sequence[str]
    times_s: Array
    positions: Array
    velocities: Array | None = None
    accelerations: Array | None = None
    start_s: float | None = None
    path_tolerance: dict[str, float] = field(default_factory=dict)
    goal_tolerance: dict[str, float] = field(default_factory=dict)
    goal_time_s: float = 0.0


@dataclass
class Motion:
    """A goal on its way. outcome is None while it moves; cancelled or preempted motions end by `ended`."""

    spline: JointSpline
    path_tolerance: Array
    goal_tolerance: Array
    goal_time_s: float
    start_s: float
    elapsed_s: float = 0.0
    outcome: Outcome | None = None
    message: str = ""
    ended: bool = False
    desired: Array = field(default_factory=lambda: np.zeros(6))
    actual: Array = field(default_factory=lambda: np.zeros(6))


class Rejected(Exception):
    """A goal that cannot be followed; outcome and message say why."""

    def __init__(self, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message


class TrajectoryController:
    """Follows one goal at a time; a newer goal takes over from an older one. Holds position otherwise."""

    def __init__(self, joint_names: Sequence[str], positions: Array) -> None:
        self.joint_names = tuple(joint_names)
        self.motion: Motion | None = None
        self._hold = np.array(positions, float)
        self._command: tuple[Array, Array] = (self._hold, np.zeros_like(self._hold))

    def accept(self, goal: JointGoal, now_s: float, positions: Array) -> Motion:
        """Start on a goal from the measured positions (J,); raises Rejected and then changes nothing."""
        order = _joint_order(goal, self.joint_names)
        _require_sound(goal)
        columns = [None if values is None else np.asarray(values, float)[:, order] for values in
                   (goal.positions, goal.velocities, goal.accelerations)]  # fmt: skip
        assert columns[0] is not None
        _require_start(goal, columns[0][0], positions, self.joint_names)
        start_s = now_s if goal.start_s is None else goal.start_s
        if start_s + goal.times_s[-1] < now_s:
            raise Rejected(
                Outcome.OLD_HEADER_TIMESTAMP,
                f"the trajectory ended {now_s - start_s - goal.times_s[-1]:.2f} s ago by its header stamp",
            )
        if goal.times_s[0] > 0:
            columns = _from_here(columns, *self._command)
            times_s = np.concatenate([[0.0], goal.times_s])
        else:
            times_s = np.asarray(goal.times_s, float)
        self.stop("a newer goal took over")
        self.motion = Motion(
            spline=JointSpline(times_s, *columns),  # type: ignore[arg-type]
            path_tolerance=_tolerances(goal.path_tolerance, self.joint_names, PATH_TOLERANCE_RAD),
            goal_tolerance=_tolerances(goal.goal_tolerance, self.joint_names, GOAL_TOLERANCE_RAD),
            goal_time_s=goal.goal_time_s if goal.goal_time_s > 0 else GOAL_TIME_S,
            start_s=start_s,
            elapsed_s=max(0.0, now_s - start_s),
        )
        return self.motion

    def stop(self, message: str) -> None:
        """End the motion, if any, and hold the position commanded last, at once."""
        self._hold = self._command[0]
        if self.motion is not None:
            self.motion.message = message
            self.motion.ended = True
            self.motion = None

    def update(self, now_s: float, step_s: float, speed: float, positions: Array) -> tuple[Array, Array]:
        """The position and velocity to command, (J,) each; time of the motion passes at `speed` (0..1)."""
        motion = self.motion
        if motion is None or now_s < motion.start_s:
            self._command = (self._hold, np.zeros_like(self._hold))
            return self._command
        motion.elapsed_s += step_s * speed
        position, velocity = motion.spline.at(motion.elapsed_s)
        self._command = (position, velocity * speed)
        motion.desired, motion.actual = position, positions
        self._judge(motion, np.abs(position - positions))
        return self._command

    def _judge(self, motion: Motion, error: Array) -> None:
        over_s = motion.elapsed_s - motion.spline.end_s
        if over_s < 0:
            if (error > motion.path_tolerance).any():
                self._finish(
                    motion, Outcome.PATH_TOLERANCE_VIOLATED, self._worst(error, motion.path_tolerance)
                )
        elif (error <= motion.goal_tolerance).all():
            self._finish(motion, Outcome.SUCCESSFUL, "the goal is reached")
        elif over_s > motion.goal_time_s:
            self._finish(motion, Outcome.GOAL_TOLERANCE_VIOLATED, self._worst(error, motion.goal_tolerance))

    def _finish(self, motion: Motion, outcome: Outcome, message: str) -> None:
        motion.outcome = outcome
        failed = outcome is not Outcome.SUCCESSFUL
        self._command = (motion.actual.copy() if failed else motion.spline.end, np.zeros_like(self._hold))
        self.stop(message)

    def _worst(self, error: Array, tolerance: Array) -> str:
        worst = int(np.argmax(error - tolerance))
        return (
            f"{self.joint_names[worst]} is {error[worst]:.3f} rad away from where it should be;"
            f" {tolerance[worst]:.3f} rad are allowed"
        )


def _joint_order(goal: JointGoal, names: tuple[str, ...]) -> list[int]:
    """Which column of the goal is each of the controller's joints."""
    if sorted(goal.joint_names) != sorted(names):
        raise Rejected(
            Outcome.INVALID_JOINTS,
            f"the goal moves {', '.join(goal.joint_names) or 'no joint'}; this controller moves {', '.join(names)}",
        )
    return [list(goal.joint_names).index(name) for name in names]


def _require_sound(goal: JointGoal) -> None:
    shape = (len(goal.times_s), len(goal.joint_names))
    if shape[0] == 0:
        raise Rejected(Outcome.INVALID_GOAL, "the trajectory has no points")
    for name in ("positions", "velocities", "accelerations"):
        values = getattr(goal, name)
        if values is None and name != "positions":
            continue
        if np.shape(values) != shape or not np.isfinite(values).all():
            raise Rejected(
                Outcome.INVALID_GOAL, f"the {name} are not {shape[0]} points of {shape[1]} finite numbers"
            )
    if goal.times_s[-1] <= 0:
        raise Rejected(
            Outcome.INVALID_GOAL, "the trajectory takes no time; its last time_from_start must be above 0"
        )
    if goal.times_s[0] < 0 or (np.diff(goal.times_s) <= 0).any() or not np.isfinite(goal.times_s).all():
        raise Rejected(
            Outcome.INVALID_GOAL, "the points' time_from_start must be finite, not negative and increase"
        )


def _require_start(goal: JointGoal, first: Array, positions: Array, names: tuple[str, ...]) -> None:
    """A trajectory that begins at once must begin where the arm is."""
    away = np.abs(first - positions)
    if goal.times_s[0] == 0 and (away > START_TOLERANCE_RAD).any():
        worst = int(np.argmax(away))
        raise Rejected(
            Outcome.INVALID_GOAL,
            f"the trajectory starts {away[worst]:.3f} rad from where {names[worst]} is;"
            f" at most {START_TOLERANCE_RAD} rad are allowed",
        )


def _from_here(columns: list[Array | None], position: Array, velocity: Array) -> list[Array | None]:
    """The trajectory with what is commanded now as its first point."""
    rows = (position, velocity, np.zeros_like(position))
    return [
        None if values is None else np.concatenate([row[None], values])
        for row, values in zip(rows, columns, strict=True)
    ]


def _tolerances(given: dict[str, float], names: tuple[str, ...], default: float) -> Array:
    values = np.array([given.get(name, 0.0) for name in names])
    return np.where(values == 0, default, np.where(values < 0, np.inf, values))

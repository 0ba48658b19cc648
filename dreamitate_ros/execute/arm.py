"""What an arm's driver tells and takes; nodes/arm_client.py implements it over ROS."""

from dataclasses import dataclass
from typing import Protocol

from dreamitate_ros.values import ArmTrajectory, Array


@dataclass(frozen=True)
class ArmState:
    """The arm as its driver last reported it; None where the driver does not say.

    received_s: when the joints arrived, on time.monotonic(). measured_s: when they were measured, on the driver's
    clock. positions: (6,) rad; velocities: (6,) rad/s, may be NaN.
    robot_mode, safety_mode: of ur_dashboard_msgs. speed_scaling: 0..1. controller_there: whether its action server
    is known.
    """

    received_s: float
    measured_s: float
    positions: Array
    velocities: Array
    robot_mode: int | None = None
    safety_mode: int | None = None
    program_running: bool | None = None
    speed_scaling: float | None = None
    controller_there: bool = True


class Arm(Protocol):
    """A connection to one arm's joint trajectory controller. All methods may be called from any thread."""

    def state(self) -> ArmState:
        """The latest state; raises DRIVER_LOST when there never was one."""
        ...

    def ready(self) -> None:
        """Return when the controller and fresh joint states are there; raises STAGE_UNAVAILABLE or DRIVER_LOST."""
        ...

    def send(self, trajectory: ArmTrajectory, start_in_s: float) -> float:
        """Have it start in start_in_s; returns the start on the driver's clock, once accepted.

        Raises CONTROLLER_REJECTED when refused, or not accepted while a cancel would still come before the start.
        The goal is then cancelled, even if it is accepted later.
        """
        ...

    def result(self) -> tuple[int, str] | None:
        """FollowJointTrajectory's error code and text once the motion ended, else None."""
        ...

    def cancel(self) -> None:
        """Ask for a stop at once; returns without waiting. Does nothing when nothing moves.

        Raises when nobody is there to be asked.
        """
        ...

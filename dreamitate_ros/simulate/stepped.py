"""The cell without a wall clock: time passes when somebody waits for it, so a trial goes as fast as it can be
computed and the same way every time."""

import math
from collections.abc import Callable

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.arm import ArmState
from dreamitate_ros.execute.run import Clock
from dreamitate_ros.simulate.cell import Cell
from dreamitate_ros.simulate.controller import JointGoal, Motion, Rejected
from dreamitate_ros.simulate.runner import CellRunner
from dreamitate_ros.values import ArmTrajectory


class SteppedCell:
    """A cell and its arms' drivers. watch: called with the cell's time in s after each slice of physics."""

    def __init__(self, cell: Cell, watch: Callable[[float], None] = lambda now_s: None) -> None:
        self.cell = cell
        self.watch = watch
        self._runner = CellRunner(cell, now_s=0.0)
        self.arms = {arm: SteppedArm(self._runner, arm) for arm in cell.arms}
        self.clock = Clock(lambda: self._runner.now_s, self.pass_time)

    def pass_time(self, seconds: float) -> None:
        """Simulate so long, a slice at least."""
        until_s = self._runner.now_s + seconds
        while True:
            self._runner.advance()
            self.watch(self._runner.now_s)
            if self._runner.now_s >= until_s - 1e-9:
                return


class SteppedArm:
    """See Arm: what ur_robot_driver is to a real one."""

    def __init__(self, runner: CellRunner, arm: str) -> None:
        self._runner, self._arm = runner, arm
        self._motion: Motion | None = None

    def state(self) -> ArmState:
        """The arm now."""
        positions, velocities, _ = self._runner.cell.joints(self._arm)
        never_old = math.inf  # the cell waits for its reader, however busy the machine
        return ArmState(never_old, self._runner.now_s, positions, velocities)

    def ready(self) -> None:
        """Always."""

    def send(self, trajectory: ArmTrajectory, start_in_s: float) -> float:
        """See Arm."""
        start_s = self._runner.now_s + start_in_s
        goal = JointGoal(
            joint_names=trajectory.joint_names,
            times_s=trajectory.times_s,
            positions=trajectory.positions,
            velocities=trajectory.velocities,
            accelerations=trajectory.accelerations,
            start_s=start_s,
        )
        try:
            self._motion = self._runner.accept(self._arm, goal)
        except Rejected as error:
            raise DreamitateError(
                ErrorCode.CONTROLLER_REJECTED,
                f"the {self._arm} arm's controller rejected the motion: {error.message}",
            ) from None
        return start_s

    def result(self) -> tuple[int, str] | None:
        """See Arm."""
        if self._motion is None or self._motion.outcome is None:
            return None
        return int(self._motion.outcome), self._motion.message

    def cancel(self) -> None:
        """See Arm."""
        if self._motion is not None:
            self._runner.stop(self._arm, self._motion, "cancelled")

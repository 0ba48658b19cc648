"""Action execute_tool_trajectory: tracked tools in, a checked joint plan, and the arms' motion."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import JointState
from trajectory_msgs.msg import JointTrajectory

from dreamitate_msgs.action import ExecuteToolTrajectory
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.execute import safety
from dreamitate_ros.execute.heights import LARGEST_LIFT_M
from dreamitate_ros.execute.plan import plan
from dreamitate_ros.execute.remedy import path_changes
from dreamitate_ros.execute.run import ExecutionStopped, run
from dreamitate_ros.nodes import messages, parameters
from dreamitate_ros.nodes.arm_client import ArmClient
from dreamitate_ros.nodes.backend import declared_backend
from dreamitate_ros.nodes.goals import Feedback, GoalFailed, GoalServer
from dreamitate_ros.nodes.lifetime import run_node
from dreamitate_ros.nodes.motion_beat import MotionBeat
from dreamitate_ros.nodes.polled import listening
from dreamitate_ros.task import Task, load_task
from dreamitate_ros.tool import Tool, load_tools
from dreamitate_ros.values import ArmTrajectory, Execution, Stop

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
ARMS = ("left", "right")


class TrajectoryExecutor(Node):
    """Wires the action and the driver's interface to plan() and run()."""

    def __init__(self) -> None:
        super().__init__("trajectory_executor")
        self._config, self._tools = parameters.config(self), parameters.tool_directories(self)
        self._rig = parameters.rig(self)
        self._allowed_shift_m = 1e-3 * parameters.number(
            self, "largest_shift_mm", 0.0, "how far a path out of reach may be moved to be reached", 0, 80
        )
        self._allowed_lift_m = 1e-3 * parameters.number(
            self,
            "largest_lift_mm",
            1e3 * LARGEST_LIFT_M,
            "how far a path may be raised to clear the table",
            0,
            80,
        )
        self._stale_s = parameters.number(
            self, "stale_s", safety.STALE_S, "age of joint states that stops all arms", 0.02, 5
        )
        self._beat = MotionBeat(
            self, parameters.flag(self, "guarded", True, "move only while motion_guard runs")
        )
        self._arms = {arm: self._arm(arm) for arm in ARMS}
        self._backend = declared_backend(self, self._arms)
        self._preview = {
            arm: self.create_publisher(JointTrajectory, f"~/planned/{arm}", LATCHED) for arm in ARMS
        }
        self._previewed: tuple[ExecuteToolTrajectory.Goal, dict[str, ArmTrajectory]] | None = None
        self._goals = GoalServer(self, ExecuteToolTrajectory, "execute_tool_trajectory", self._execute)

    def close(self) -> None:
        """Stop the arms; the goal in work cancels their motion and waits until they are still."""
        self._goals.close()

    def _arm(self, arm: str) -> ArmClient:
        defaults = {
            "controller": "scaled_joint_trajectory_controller",
            "status": "io_and_status_controller",
            "speed": "speed_scaling_state_broadcaster",
        }
        names = {
            role: parameters.text(self, f"{arm}.{role}", f"{arm}/{name}", f"{name} of the {arm} arm's driver")
            for role, name in defaults.items()
        }
        return ArmClient(self, arm, **names)

    def _execute(
        self, goal: ExecuteToolTrajectory.Goal, feedback: Feedback, stop: Stop
    ) -> ExecuteToolTrajectory.Result:
        task = load_task(goal.task, self._config)
        tools = load_tools(task.arm_tools, self._config, self._tools)
        arms = {arm: self._arms[arm] for arm in task.arm_tools}
        with self._listening(arms):
            return self._plan_and_run(goal, task, tools, arms, feedback, stop)

    def _plan_and_run(
        self,
        goal: ExecuteToolTrajectory.Goal,
        task: Task,
        tools: Mapping[str, Tool],
        arms: Mapping[str, ArmClient],
        feedback: Feedback,
        stop: Stop,
    ) -> ExecuteToolTrajectory.Result:
        started_s = time.monotonic()
        trajectories = self._plan(goal, task, tools, arms, feedback, stop)
        result = _planned_result(trajectories, time.monotonic() - started_s)
        if goal.plan_only:
            self._previewed = (goal, trajectories)
            return result
        self._previewed = None
        try:
            with self._beat.motion():
                execution = run(
                    trajectories,
                    self._backend.arms(arms, list(trajectories)),
                    tools,
                    lambda stage, fraction, path_error_m: feedback(
                        stage=stage, progress=float(fraction), path_error_m=float(path_error_m)
                    ),
                    stop,
                    stale_s=self._stale_s,
                )
        except ExecutionStopped as stopped:
            raise GoalFailed(stopped, _with_execution(result, stopped.execution, trajectories)) from None
        except DreamitateError as error:
            raise GoalFailed(error, result) from None
        return _with_execution(result, execution, trajectories)

    @contextmanager
    def _listening(self, arms: Mapping[str, ArmClient]) -> Iterator[None]:
        """Hear the joints while a goal needs them."""

        def take(message: JointState) -> None:
            for arm in arms.values():
                arm.take_joints(message)

        with listening(self, JointState, "joint_states", take):
            for arm in arms.values():
                arm.ready()
            yield

    def _plan(
        self,
        goal: ExecuteToolTrajectory.Goal,
        task: Task,
        tools: Mapping[str, Tool],
        arms: Mapping[str, ArmClient],
        feedback: Feedback,
        stop: Stop,
    ) -> dict[str, ArmTrajectory]:
        """The plan, published for rviz; the one just previewed when the goal is the same: what was approved runs."""
        if self._previewed is not None and same_motion(self._previewed[0], goal):
            return self._previewed[1]
        start = {name: arm.state().positions for name, arm in arms.items()}
        tracks = messages.tool_tracks(goal.trajectory)

        def progress(fraction: float, what: str) -> None:
            feedback(stage=what, progress=float(fraction))

        self._backend.heed(stop)
        trajectories = plan(
            tracks, task, self._rig, tools, start, progress, stop,
            self._allowed_shift_m, self._backend.solver, self._allowed_lift_m,
        )  # fmt: skip
        if changes := path_changes(trajectory.path for trajectory in trajectories.values()):
            self.get_logger().warning(changes)
        for arm, trajectory in trajectories.items():
            self._preview[arm].publish(messages.joint_trajectory_message(trajectory))
        return trajectories


def same_motion(previewed: ExecuteToolTrajectory.Goal, goal: ExecuteToolTrajectory.Goal) -> bool:
    """Whether both goals want the same, plan_only apart. Absent poses are NaN, equal to nothing but in words."""
    return previewed.task == goal.task and repr(previewed.trajectory) == repr(goal.trajectory)


def _planned_result(
    trajectories: Mapping[str, ArmTrajectory], compute_s: float
) -> ExecuteToolTrajectory.Result:
    return ExecuteToolTrajectory.Result(
        planned=[messages.arm_plan_message(trajectory) for trajectory in trajectories.values()],
        compute_s=compute_s,
    )


def _with_execution(
    result: ExecuteToolTrajectory.Result, execution: Execution, trajectories: Mapping[str, ArmTrajectory]
) -> ExecuteToolTrajectory.Result:
    result.executed = [
        messages.measured_message(execution.times_s, execution.positions[arm], trajectory.joint_names)
        for arm, trajectory in trajectories.items()
    ]
    result.path_errors = messages.path_error_messages(execution)
    return result


def main() -> int:
    """Entry point of `ros2 run dreamitate_ros trajectory_executor`."""
    return run_node(TrajectoryExecutor)


if __name__ == "__main__":
    sys.exit(main())

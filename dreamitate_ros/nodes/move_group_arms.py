"""All arms moved as one by move_group's execute_trajectory, as execute/run.py wants arms."""

import threading
import time
from collections.abc import Mapping, Sequence

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.arm import ArmState
from dreamitate_ros.nodes.action_client import ActionClient
from dreamitate_ros.nodes.arm_client import ArmClient
from dreamitate_ros.nodes.messages import duration_message
from dreamitate_ros.nodes.move_group import SUCCESS, moveit_interfaces, moveit_words
from dreamitate_ros.nodes.sent_goal import SentGoal
from dreamitate_ros.nodes.services import await_future, await_server
from dreamitate_ros.values import ArmTrajectory

ANSWER_S = 3.0
FAILED = -100  # away from the controllers' own codes


class MoveGroupArms:
    """One execute_trajectory goal for the motions of all arms. clients: where their states come from."""

    def __init__(self, node: Node, clients: Mapping[str, ArmClient]) -> None:
        self._node, self._interfaces = node, moveit_interfaces()
        self._client = ActionClient(
            node,
            self._interfaces.ExecuteTrajectory,
            "execute_trajectory",
            callback_group=ReentrantCallbackGroup(),
        )
        self._clients = clients
        self._lock = threading.Lock()
        self._waiting: dict[str, ArmTrajectory] = {}
        self._expected: tuple[str, ...] = ()
        self._goal: SentGoal | None = None

    def arms(self, names: Sequence[str]) -> dict[str, "MoveGroupArm"]:
        """The arms of the next motion; it begins when all of them have been sent."""
        with self._lock:
            self._waiting, self._expected, self._goal = {}, tuple(names), None
        return {name: MoveGroupArm(self, self._clients[name]) for name in names}

    def ready(self) -> None:
        """Return when move_group is there; raises STAGE_UNAVAILABLE."""
        await_server(self._client, ANSWER_S, lambda: False, "move_group's execute_trajectory")

    def there(self) -> bool:
        """Whether it still is."""
        return bool(self._client.server_is_ready())

    def send(self, trajectory: ArmTrajectory, start_in_s: float) -> float:
        """Keep it until all arms' are there, then have them begin; returns when that is, on the ROS clock.

        move_group begins as soon as it accepts: the last arm's motion is sent when the common start has come.
        """
        start_s = self._node.get_clock().now().nanoseconds * 1e-9 + start_in_s
        self._waiting[trajectory.arm] = trajectory
        if set(self._waiting) != set(self._expected):
            return start_s
        time.sleep(max(0.0, start_in_s))
        goal = self._interfaces.ExecuteTrajectory.Goal()
        goal.trajectory.joint_trajectory = merged([self._waiting[name] for name in self._expected])
        answer = self._client.send_goal_async(goal)
        with self._lock:
            self._goal = SentGoal(answer, _read)
        handle = await_future(answer, ANSWER_S, lambda: False, "move_group's execute_trajectory")
        if not handle.accepted:
            raise DreamitateError(
                ErrorCode.CONTROLLER_REJECTED, "move_group rejected the motion; see its log"
            )
        return start_s

    def result(self) -> tuple[int, str] | None:
        """0, or FAILED and MoveIt's words, once the motion ended; else None."""
        with self._lock:
            return None if self._goal is None else self._goal.result()

    def cancel(self) -> None:
        """Stop all arms; returns at once. Raises DRIVER_LOST where move_group cannot be told."""
        with self._lock:
            goal = self._goal
        if goal is None:
            return
        goal.cancel()
        if goal.result() is None and not self.there():
            raise DreamitateError(
                ErrorCode.DRIVER_LOST, "move_group is gone and cannot be told to stop the arms"
            )


class MoveGroupArm:
    """One arm of MoveGroupArms; implements execute.arm.Arm."""

    def __init__(self, together: MoveGroupArms, client: ArmClient) -> None:
        self._together, self._client = together, client

    def state(self) -> ArmState:
        """As its driver tells."""
        return self._client.state()

    def ready(self) -> None:
        """move_group, its controller and its joint states are there."""
        self._together.ready()
        self._client.ready()

    def send(self, trajectory: ArmTrajectory, start_in_s: float) -> float:
        """Together with the others."""
        return self._together.send(trajectory, start_in_s)

    def result(self) -> tuple[int, str] | None:
        """Of all arms' motion."""
        return self._together.result()

    def cancel(self) -> None:
        """All arms' motion."""
        self._together.cancel()


def merged(trajectories: Sequence[ArmTrajectory]) -> JointTrajectory:
    """All arms in one message; they share one clock."""
    message = JointTrajectory(joint_names=[name for each in trajectories for name in each.joint_names])
    for index, time_s in enumerate(trajectories[0].times_s):
        message.points.append(
            JointTrajectoryPoint(
                positions=[float(value) for each in trajectories for value in each.positions[index]],
                velocities=[float(value) for each in trajectories for value in each.velocities[index]],
                accelerations=[float(value) for each in trajectories for value in each.accelerations[index]],
                time_from_start=duration_message(float(time_s)),
            )
        )
    return message


def _read(result: object) -> tuple[int, str]:
    code = result.error_code  # type: ignore[attr-defined]
    return (0, "") if code.val == SUCCESS else (FAILED, f"move_group: {moveit_words(code)}")

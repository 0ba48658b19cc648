"""One arm at ur_robot_driver's interface, as execute/run.py wants it: an action client and the driver's status."""

import threading
import time

import numpy as np
from control_msgs.action import FollowJointTrajectory
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, Float64
from ur_dashboard_msgs.msg import RobotMode, SafetyMode

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.arm import ArmState
from dreamitate_ros.execute.ur5e import joint_names
from dreamitate_ros.nodes import messages
from dreamitate_ros.nodes.action_client import ActionClient
from dreamitate_ros.nodes.polled import Polled
from dreamitate_ros.nodes.sent_goal import SentGoal
from dreamitate_ros.nodes.services import await_future, await_server
from dreamitate_ros.values import ArmTrajectory

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
ANSWER_TIMEOUT_S = 3.0
FRESH_S = 0.5
CANCEL_S = 0.4  # before the start: what a cancel may take to reach the controllers while nothing moves yet


class ArmClient:
    """Implements execute.arm.Arm for the arm `name`; safe to use from any thread.

    controller: the action's name without /follow_joint_trajectory. status, speed: namespaces of the driver's
    io_and_status_controller and speed_scaling_state_broadcaster; status may be empty, as for mock hardware, which has
    no modes.
    """

    def __init__(self, node: Node, name: str, controller: str, status: str, speed: str) -> None:
        self._node, self._name, self._controller = node, name, controller
        self._joints = joint_names(name)
        self._lock = threading.Lock()
        self._state: ArmState | None = None
        self._robot_mode: int | None = None
        self._safety_mode: int | None = None
        self._program_running: bool | None = None
        self._speed_scaling: float | None = None
        self._goal: SentGoal | None = None
        group = ReentrantCallbackGroup()
        self._client = ActionClient(
            node, FollowJointTrajectory, f"{controller}/follow_joint_trajectory", callback_group=group
        )
        modes = (
            (RobotMode, f"{status}/robot_mode", self._take_robot_mode, LATCHED),
            (SafetyMode, f"{status}/safety_mode", self._take_safety_mode, LATCHED),
            (Bool, f"{status}/robot_program_running", self._take_program, LATCHED),
        )
        self._speed = Polled(
            node, Float64, f"{speed}/speed_scaling", self._take_speed
        )  # told 100 times a second
        for kind, topic, take, qos in modes if status else ():
            node.create_subscription(kind, topic, take, qos, callback_group=group)

    def state(self) -> ArmState:
        """The arm as last heard of; raises DRIVER_LOST when it never was."""
        with self._lock:
            self._speed.take_new()
            if self._state is None:
                raise DreamitateError(
                    ErrorCode.DRIVER_LOST,
                    f"no joint states of the {self._name} arm ({self._joints[0]}, ...) arrive; is its driver running?",
                )
            return ArmState(
                received_s=self._state.received_s,
                measured_s=self._state.measured_s,
                positions=self._state.positions,
                velocities=self._state.velocities,
                robot_mode=self._robot_mode,
                safety_mode=self._safety_mode,
                program_running=self._program_running,
                speed_scaling=self._speed_scaling,
                controller_there=self.there(),
            )

    def there(self) -> bool:
        """Whether the controller's action server is known."""
        return bool(self._client.server_is_ready())

    def ready(self) -> None:
        """Return when the controller answers and joint states arrive; raises STAGE_UNAVAILABLE or DRIVER_LOST."""
        whom = f"the {self._name} arm's controller {self._controller}"
        await_server(self._client, ANSWER_TIMEOUT_S, lambda: False, whom)
        deadline_s = time.monotonic() + ANSWER_TIMEOUT_S
        while True:
            try:
                if time.monotonic() - self.state().received_s < FRESH_S:
                    return
            except DreamitateError:
                if time.monotonic() > deadline_s:
                    raise
            if time.monotonic() > deadline_s:
                raise DreamitateError(
                    ErrorCode.DRIVER_LOST,
                    f"the joint states of the {self._name} arm stopped; is its driver running?",
                )
            time.sleep(0.02)

    def send(self, trajectory: ArmTrajectory, start_in_s: float) -> float:
        """Start the motion start_in_s from now; returns that on the ROS clock.

        Raises CONTROLLER_REJECTED, also when it is not accepted early enough before the start to be cancelled in
        time: a trajectory accepted after its stamp would begin in its middle.
        """
        self._goal = None
        patience_s = start_in_s - CANCEL_S
        if patience_s <= 0:
            raise self._too_late()
        goal = FollowJointTrajectory.Goal(trajectory=messages.joint_trajectory_message(trajectory))
        start_s = self._node.get_clock().now().nanoseconds * 1e-9 + start_in_s
        goal.trajectory.header.stamp = messages.time_message(start_s)
        answer = self._client.send_goal_async(goal)
        self._goal = SentGoal(answer, lambda result: (int(result.error_code), result.error_string))
        try:
            handle = await_future(answer, patience_s, lambda: False, f"the {self._name} arm's controller")
        except DreamitateError:
            self._goal.cancel()
            raise self._too_late() from None
        if not handle.accepted:
            raise DreamitateError(
                ErrorCode.CONTROLLER_REJECTED,
                f"the {self._name} arm's controller rejected the motion; see its log",
            )
        return start_s

    def _too_late(self) -> DreamitateError:
        return DreamitateError(
            ErrorCode.CONTROLLER_REJECTED,
            f"the {self._name} arm's controller did not accept the motion in time for the common start; if it still"
            " does, it is cancelled at once. Is the machine or the network overloaded?",
        )

    def result(self) -> tuple[int, str] | None:
        """FollowJointTrajectory's error code and text once the motion ended, else None."""
        return None if self._goal is None else self._goal.result()

    def cancel(self) -> None:
        """Ask the controller to stop, also when it has yet to accept; returns at once. Raises DRIVER_LOST."""
        if self._goal is None:
            return
        self._goal.cancel()
        if self._goal.result() is None and not self._client.server_is_ready():
            raise DreamitateError(
                ErrorCode.DRIVER_LOST, f"the {self._name} arm's controller is gone and cannot be told to stop"
            )

    def take_joints(self, message: JointState) -> None:
        """Remember where the joints are. Only messages with all of this arm's joints count."""
        order = {name: index for index, name in enumerate(message.name)}
        if any(name not in order for name in self._joints):
            return
        picks = [order[name] for name in self._joints]
        velocities = np.array(message.velocity)[picks] if len(message.velocity) else np.full(6, np.nan)
        with self._lock:
            self._state = ArmState(
                time.monotonic(),
                messages.seconds(message.header.stamp),
                np.array(message.position)[picks],
                velocities,
            )

    def _take_robot_mode(self, message: RobotMode) -> None:
        self._robot_mode = int(message.mode)

    def _take_safety_mode(self, message: SafetyMode) -> None:
        self._safety_mode = int(message.mode)

    def _take_program(self, message: Bool) -> None:
        self._program_running = bool(message.data)

    def _take_speed(self, message: Float64) -> None:
        self._speed_scaling = message.data / 100.0  # the driver publishes percent

"""follow_joint_trajectory of one simulated arm, under ur_robot_driver's controller name."""

import threading
import time

import numpy as np
from control_msgs.action import FollowJointTrajectory
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from trajectory_msgs.msg import JointTrajectoryPoint

from dreamitate_ros.execute.ur5e import joint_names
from dreamitate_ros.nodes.messages import seconds
from dreamitate_ros.simulate.controller import JointGoal, Motion, Outcome, Rejected
from dreamitate_ros.simulate.runner import CellRunner

POLL_S = 0.02
FEEDBACK_EVERY_S = 0.05
CLIENT_CHECK_S = 0.5

Result = FollowJointTrajectory.Result


class ArmController:
    """Serves ARM/scaled_joint_trajectory_controller/follow_joint_trajectory.

    A goal that cannot be followed is aborted at once with its code and a message, since a ROS rejection could
    carry neither. A newer goal takes over from an older one, as in ros2_control.
    """

    def __init__(self, node: Node, runner: CellRunner, arm: str) -> None:
        self._node, self._runner, self._arm = node, runner, arm
        self._closing = threading.Event()
        self.misses_client = True  # a real driver would go on
        self._motions: dict[bytes, Motion] = {}
        name = f"{arm}/scaled_joint_trajectory_controller/follow_joint_trajectory"
        self._server = ActionServer(
            node,
            FollowJointTrajectory,
            name,
            execute_callback=self._execute,
            goal_callback=lambda _: GoalResponse.ACCEPT,
            cancel_callback=self._cancel,
            callback_group=ReentrantCallbackGroup(),
        )
        self._status_topic = node.resolve_topic_name(f"{name}/_action/status")

    def close(self) -> None:
        """Hold the arm and end what is in work."""
        self._closing.set()
        for motion in list(self._motions.values()):
            self._runner.stop(self._arm, motion, "the cell shuts down")

    def _cancel(self, handle: ServerGoalHandle) -> CancelResponse:
        """The arm holds before the answer is out."""
        motion = self._motions.get(bytes(handle.goal_id.uuid))
        if motion is not None:
            self._runner.stop(self._arm, motion, "cancelled")
        return CancelResponse.ACCEPT

    def _execute(self, handle: ServerGoalHandle) -> Result:
        try:
            motion = self._runner.accept(self._arm, joint_goal(handle.request))
        except Rejected as rejection:
            self._node.get_logger().warning(f"{self._arm}: {rejection.message}")
            handle.abort()
            return Result(error_code=int(rejection.outcome), error_string=rejection.message)
        key = bytes(handle.goal_id.uuid)
        self._motions[key] = motion
        try:
            self._watch(handle, motion)
        finally:
            del self._motions[key]
        return self._end(handle, motion)

    def _watch(self, handle: ServerGoalHandle, motion: Motion) -> None:
        told_s = checked_s = time.monotonic()
        while not motion.ended and not self._closing.is_set():
            time.sleep(POLL_S)
            now_s = time.monotonic()
            if handle.is_cancel_requested:
                self._runner.stop(self._arm, motion, "cancelled")
            if self.misses_client and now_s - checked_s > CLIENT_CHECK_S:
                checked_s = now_s
                if self._node.count_subscribers(self._status_topic) == 0:
                    self._runner.stop(
                        self._arm, motion, "nobody waits for this goal any more: its client is gone"
                    )
            if now_s - told_s > FEEDBACK_EVERY_S:
                told_s = now_s
                handle.publish_feedback(_feedback(self._arm, motion))

    def _end(self, handle: ServerGoalHandle, motion: Motion) -> Result:
        outcome = Outcome.INVALID_GOAL if motion.outcome is None else motion.outcome
        if outcome is Outcome.SUCCESSFUL:
            handle.succeed()
        elif handle.is_cancel_requested:
            handle.canceled()
            outcome = Outcome.SUCCESSFUL  # what ros2_control puts into the result of a cancelled goal
        else:
            self._node.get_logger().warning(f"{self._arm}: {motion.message}")
            handle.abort()
        return Result(error_code=int(outcome), error_string=motion.message)


def joint_goal(request: FollowJointTrajectory.Goal) -> JointGoal:
    """The goal in plain numbers; raises Rejected where its points have different lengths."""
    trajectory, points = request.trajectory, request.trajectory.points
    stamp_s = seconds(trajectory.header.stamp)
    return JointGoal(
        joint_names=list(trajectory.joint_names),
        times_s=np.array([seconds(point.time_from_start) for point in points]),
        positions=_rows("positions", [point.positions for point in points]),
        velocities=_optional_rows("velocities", [point.velocities for point in points]),
        accelerations=_optional_rows("accelerations", [point.accelerations for point in points]),
        start_s=stamp_s if stamp_s > 0 else None,
        path_tolerance={tolerance.name: tolerance.position for tolerance in request.path_tolerance},
        goal_tolerance={tolerance.name: tolerance.position for tolerance in request.goal_tolerance},
        goal_time_s=seconds(request.goal_time_tolerance),
    )


def _optional_rows(name: str, rows: list) -> np.ndarray | None:
    return _rows(name, rows) if rows and all(len(row) for row in rows) else None


def _rows(name: str, rows: list) -> np.ndarray:
    if len({len(row) for row in rows}) > 1:
        raise Rejected(Outcome.INVALID_GOAL, f"the points have different numbers of {name}")
    return np.array([list(row) for row in rows], float)


def _feedback(arm: str, motion: Motion) -> FollowJointTrajectory.Feedback:
    desired, actual = motion.desired, motion.actual
    return FollowJointTrajectory.Feedback(
        joint_names=list(joint_names(arm)),
        desired=JointTrajectoryPoint(positions=desired.tolist()),
        actual=JointTrajectoryPoint(positions=actual.tolist()),
        error=JointTrajectoryPoint(positions=(desired - actual).tolist()),
    )

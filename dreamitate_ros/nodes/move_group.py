"""MoveIt as the executor's backend: moveit_py finds the free ways, move_group the straight paths, and executes.

Written against moveit_msgs and moveit_py of Jazzy and later. Neither is a Python wheel: they come with a sourced ROS.
"""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from geometry_msgs.msg import PoseStamped
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from sensor_msgs.msg import JointState

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.ur5e import joint_names
from dreamitate_ros.nodes import messages
from dreamitate_ros.nodes.services import call
from dreamitate_ros.values import Array, Stop

MAX_STEP_M = 0.005  # between the joints of a straight path
JUMP_RAD = 0.5  # from one of them to the next: another posture
ANSWER_S = 20.0
SUCCESS = 1
WORDS = {
    99999: "failure", -1: "planning failed", -2: "invalid motion plan", -4: "the controllers failed",
    -6: "timed out", -7: "preempted", -10: "the start collides", -12: "the goal collides",
    -15: "there is no such group", -18: "there is no such link", -21: "a frame is unknown",
    -23: "the robot's state is stale", -31: "no inverse kinematics",
}  # fmt: skip
MISSING = (
    "the backend moveit needs MoveIt 2, which this Python does not have ({error}): install ros-$ROS_DISTRO-moveit and"
    " ros-$ROS_DISTRO-moveit-py and source ROS, or take the backend builtin"
)


@dataclass(frozen=True)
class MoveItNames:
    """What an arm is called in the MoveIt configuration: its group, its base's and its flange's links."""

    group: str
    base_link: str
    flange_link: str


FreeWay = Callable[[str, Array, "Array | PoseStamped"], Array]
"""Called with the arm, its joints (6,), and joints (6,) or the flange's pose to go to; returns (N, 6)."""


class MoveGroup:
    """Implements execute.solved_path.PathSolver. free_way: who plans free ways, see moveit_py_ways()."""

    def __init__(self, node: Node, names: dict[str, MoveItNames], free_way: FreeWay) -> None:
        interfaces = moveit_interfaces()
        self._names, self._free_way = names, free_way
        self._request = interfaces.GetCartesianPath.Request
        self._client = node.create_client(
            interfaces.GetCartesianPath, "compute_cartesian_path", callback_group=ReentrantCallbackGroup()
        )
        self.stop: Stop = lambda: False

    def way_to(self, arm: str, start_rad: Array, base_from_flange: Array) -> Array:
        """(N, 6) a free way to a pose of the flange."""
        goal = PoseStamped(pose=messages.pose_message(base_from_flange))
        goal.header.frame_id = self._names[arm].base_link
        return self._free_way(arm, start_rad, goal)

    def way_back(self, arm: str, start_rad: Array, end_rad: Array) -> Array:
        """(N, 6) a free way to joints."""
        return self._free_way(arm, start_rad, end_rad)

    def follow(self, arm: str, start_rad: Array, base_from_flange: Array) -> tuple[Array, float]:
        """(M, 6) by compute_cartesian_path, and the share of the path that it found."""
        names = self._names[arm]
        request = self._request(
            group_name=names.group,
            link_name=names.flange_link,
            waypoints=[messages.pose_message(pose) for pose in base_from_flange[1:]],
            max_step=MAX_STEP_M,
            revolute_jump_threshold=JUMP_RAD,
            avoid_collisions=True,
        )
        request.header.frame_id = names.base_link
        request.start_state.is_diff = True
        request.start_state.joint_state = _joint_state(arm, start_rad)
        answer = call(self._client, request, ANSWER_S, self.stop, "move_group's compute_cartesian_path")
        trajectory = answer.solution.joint_trajectory
        if answer.error_code.val != SUCCESS or not trajectory.points:
            raise DreamitateError(
                ErrorCode.UNREACHABLE,
                f"move_group found no straight path of the {arm} arm: {moveit_words(answer.error_code)}",
            )
        return joints_of(arm, trajectory), float(answer.fraction)


def moveit_py_ways(robot: str, package: str, names: dict[str, MoveItNames]) -> FreeWay:
    """Free ways by moveit_py, configured as `package` (a MoveIt configuration with moveit_cpp.yaml) says.

    Raises STAGE_UNAVAILABLE where moveit_py or the package is not there.
    """
    try:
        from moveit.core.robot_state import RobotState
        from moveit.planning import MoveItPy
        from moveit_configs_utils import MoveItConfigsBuilder

        configuration = MoveItConfigsBuilder(robot, package_name=package).moveit_cpp().to_moveit_configs()
    except Exception as error:  # ImportError, or whatever the builder raises for a package it does not find
        raise DreamitateError(ErrorCode.STAGE_UNAVAILABLE, MISSING.format(error=error)) from None
    moveit = MoveItPy(node_name="trajectory_executor_moveit", config_dict=configuration.to_dict())

    def state_of(arm: str, joints_rad: Array) -> Any:
        state = RobotState(moveit.get_robot_model())
        state.set_joint_group_positions(names[arm].group, np.asarray(joints_rad, float))
        state.update()
        return state

    def free_way(arm: str, start_rad: Array, goal: Array | PoseStamped) -> Array:
        component = moveit.get_planning_component(names[arm].group)
        component.set_start_state(robot_state=state_of(arm, start_rad))
        if isinstance(goal, PoseStamped):
            component.set_goal_state(pose_stamped_msg=goal, pose_link=names[arm].flange_link)
        else:
            component.set_goal_state(robot_state=state_of(arm, goal))
        result = component.plan()
        if not result:
            raise DreamitateError(
                ErrorCode.UNREACHABLE,
                f"MoveIt found no free way of the {arm} arm: {moveit_words(result.error_code)}",
            )
        return joints_of(arm, result.trajectory.get_robot_trajectory_msg().joint_trajectory)

    return free_way


def moveit_words(code: Any) -> str:
    """A MoveItErrorCodes in words; Humble's have no text of their own."""
    text = getattr(code, "message", "")
    return f"{WORDS.get(code.val, f'MoveIt error {code.val}')}{f' ({text})' if text else ''}"


def moveit_interfaces() -> SimpleNamespace:
    """GetCartesianPath and ExecuteTrajectory; raises STAGE_UNAVAILABLE where they are not there."""
    try:
        from moveit_msgs.action import ExecuteTrajectory
        from moveit_msgs.srv import GetCartesianPath
    except ImportError as error:
        raise DreamitateError(ErrorCode.STAGE_UNAVAILABLE, MISSING.format(error=error)) from None

    return SimpleNamespace(GetCartesianPath=GetCartesianPath, ExecuteTrajectory=ExecuteTrajectory)


def joints_of(arm: str, trajectory: Any) -> Array:
    """(N, 6) an arm's joints in our order, whatever else a JointTrajectory moves."""
    order = list(trajectory.joint_names)
    try:
        picks = [order.index(name) for name in joint_names(arm)]
    except ValueError:
        raise DreamitateError(
            ErrorCode.UNREACHABLE,
            f"MoveIt moves {', '.join(order)}, not the {arm} arm's joints: is the group the right one?",
        ) from None
    return np.array([list(point.positions) for point in trajectory.points])[:, picks]


def _joint_state(arm: str, joints_rad: Array) -> JointState:
    return JointState(name=list(joint_names(arm)), position=[float(joint) for joint in joints_rad])

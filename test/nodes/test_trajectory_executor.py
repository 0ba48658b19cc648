"""What was approved is what runs: the plan of a preview is used again for the same tracks, and for no others."""

from copy import deepcopy

import numpy as np
from rclpy.serialization import deserialize_message, serialize_message

from dreamitate_msgs.action import ExecuteToolTrajectory
from dreamitate_ros.nodes import messages
from dreamitate_ros.nodes.trajectory_executor import same_motion
from dreamitate_ros.values import ToolTrack


def goal(plan_only: bool) -> ExecuteToolTrajectory.Goal:
    """Two times, the first without a pose, as every tracked video has them."""
    poses = np.stack([np.full((4, 4), np.nan), np.eye(4)])
    unknown = np.full((2, 2), np.nan), np.full((2, 6), np.nan)
    track = ToolTrack("left", np.array([0.0, 0.2]), poses, np.ones(2), np.array([False, True]), *unknown)
    trajectory = messages.tool_trajectory_message([track])
    return ExecuteToolTrajectory.Goal(task="rotate", trajectory=trajectory, plan_only=plan_only)


def test_the_same_tracks_run_as_previewed() -> None:
    for _ in range(20):  # what crossed the network is never the same bytes twice: padding is not set
        arrived = deserialize_message(serialize_message(goal(False)), ExecuteToolTrajectory.Goal)
        assert same_motion(goal(True), arrived)


def test_other_tracks_or_another_task_are_planned_anew() -> None:
    previewed, other = goal(True), deepcopy(goal(False))
    other.trajectory.tools[0].poses[1].position.x = 0.001
    assert not same_motion(previewed, other)
    other = goal(False)
    other.task = "sweep"
    assert not same_motion(previewed, other)

"""Stop trials in which nothing is wrong with the arms: trajectory_executor's parent dies, or it dies itself.

Both arms follow a tracked path as in a policy's run; the cell does not miss who moves them, as drivers do not.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping

import numpy as np
import rclpy
from action_msgs.msg import GoalStatus, GoalStatusArray
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from rclpy.task import Future
from sensor_msgs.msg import JointState

from dreamitate_msgs.action import ExecuteToolTrajectory
from dreamitate_ros.benchmark.arm_motion import random_tracks
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.safety import STALE_S, STILL_RAD_S
from dreamitate_ros.execute.ur5e import joint_names
from dreamitate_ros.nodes import messages
from dreamitate_ros.nodes.action_client import ActionClient
from dreamitate_ros.nodes.bringup import GUARD, environment
from dreamitate_ros.nodes.motion_beat import BEAT_TOPIC
from dreamitate_ros.nodes.services import await_future, await_server
from dreamitate_ros.nodes.stop_trials import (
    PATIENCE_S,
    RESUME_S,
    TRIES,
    StopTrial,
    flanges_apart_mm,
    joints_apart,
)
from dreamitate_ros.rig import load_rig
from dreamitate_ros.values import Array

PARENT_GONE, KILLED = "parent_gone", "executor_killed"
EXECUTOR_FAULTS = (PARENT_GONE, KILLED)
ARMS = ("left", "right")
SEED = 900_000  # of a path that can be planned
STOPPED = (GoalStatus.STATUS_CANCELING, GoalStatus.STATUS_CANCELED, GoalStatus.STATUS_ABORTED)
REST_S = 0.3  # without motion that counts as standing still
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


def executor_trial(fault: str, at_s: float, stale_s: float = STALE_S) -> StopTrial:
    """One motion, `fault` at_s after the tools began to follow their paths; see StopTrial.

    A machine too busy to start both arms in time, or to hear them, is asked again.
    """
    for _ in range(TRIES):
        with _Graph(stale_s) as graph:
            if graph.follow(at_s):
                return graph.stop(fault, at_s)
    raise DreamitateError(
        ErrorCode.STAGE_UNAVAILABLE,
        f"{TRIES} motions ended before they had come to {fault}: this machine is too busy to measure stops",
    )


class _Graph:
    """Cell, guard and executor, each a process of its own, for as long as the `with` block lasts."""

    def __init__(self, stale_s: float) -> None:
        os.environ.update(environment(simulation=True))
        self._stale_s = stale_s
        self._joints: Array | None = None  # (2, 12): positions and velocities, left arm first
        self._heard_s = self._moved_s = 0.0
        self._stopped_s: dict[str, float] = {}
        self._stage = ""

    def __enter__(self) -> "_Graph":
        self._parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        self._processes = {
            "faulty_cell": _start("faulty_cell", os.getpid(), misses_client="false"),
            GUARD: _start(GUARD, os.getpid()),
            "trajectory_executor": _start(
                "trajectory_executor", self._parent.pid, guarded="true", stale_s=str(self._stale_s)
            ),
        }
        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self._node = rclpy.create_node("executor_trials", context=self._context)
        self._action = ActionClient(self._node, ExecuteToolTrajectory, "execute_tool_trajectory")
        self._node.create_subscription(JointState, "joint_states", self._take, qos_profile_sensor_data)
        for arm in ARMS:
            action = f"{arm}/scaled_joint_trajectory_controller/follow_joint_trajectory"
            self._node.create_subscription(
                GoalStatusArray,
                f"{action}/_action/status",
                lambda message, arm=arm: self._see(arm, message),
                LATCHED,
            )
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        threading.Thread(target=self._executor.spin, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for process in (self._parent, *self._processes.values()):
            process.kill()
            process.wait()
        self._executor.shutdown(timeout_sec=2.0)
        rclpy.try_shutdown(context=self._context)

    def follow(self, seconds: float) -> bool:
        """Whether the tools followed their paths for so long."""
        await_server(self._action, PATIENCE_S, lambda: False, "the executor")
        _until(lambda: self._joints is not None, "the cell")
        _until(lambda: self._node.count_subscribers(BEAT_TOPIC) == 1, GUARD)
        config = config_directory()
        tracks = random_tracks(load_rig(config / "rigs" / "cell.yaml"), np.random.default_rng(SEED))
        goal = ExecuteToolTrajectory.Goal(task="rotate", trajectory=messages.tool_trajectory_message(tracks))
        answer = self._action.send_goal_async(goal, self._hear)
        ended: Future = await_future(answer, PATIENCE_S, lambda: False, "the executor").get_result_async()
        _until(lambda: self._stage == "following" or ended.done(), "the motion")
        time.sleep(seconds)
        return not ended.done()

    def stop(self, fault: str, at_s: float) -> StopTrial:
        """Do it, and see what the arms do."""
        executor = self._processes["trajectory_executor"]
        before, fault_s = self._positions(), time.monotonic()
        (self._parent if fault == PARENT_GONE else executor).kill()
        limit_s = fault_s + PATIENCE_S
        while not (rests := self._rests(fault_s)) and time.monotonic() < limit_s:
            time.sleep(0.01)
        still_s = self._moved_s - fault_s if rests else float("inf")
        after = self._positions()
        time.sleep(RESUME_S)
        cancelled_s = max(self._stopped_s.get(arm, float("inf")) for arm in ARMS) - fault_s
        words = f"the executor ended with {executor.wait(PATIENCE_S)}"
        return StopTrial(
            fault, at_s, cancelled_s, max(0.0, still_s), joints_apart(before, after),
            flanges_apart_mm(before, after), joints_apart(after, self._positions()), words,
        )  # fmt: skip

    def _rests(self, fault_s: float) -> bool:
        """All goals are at an end, and joint states told of no motion for a while; silent ones tell nothing."""
        return len(self._stopped_s) == len(ARMS) and self._heard_s > max(self._moved_s, fault_s) + REST_S

    def _positions(self) -> Mapping[str, Array]:
        assert self._joints is not None
        return dict(zip(ARMS, np.split(self._joints[0], 2), strict=True))

    def _take(self, message: JointState) -> None:
        order = [message.name.index(name) for arm in ARMS for name in joint_names(arm)]
        self._joints = np.array([message.position, message.velocity])[:, order]
        self._heard_s = time.monotonic()
        if (np.abs(self._joints[1]) > STILL_RAD_S).any():
            self._moved_s = self._heard_s

    def _see(self, arm: str, message: GoalStatusArray) -> None:
        if message.status_list and message.status_list[-1].status in STOPPED:
            self._stopped_s.setdefault(arm, time.monotonic())

    def _hear(self, message: ExecuteToolTrajectory.Impl.FeedbackMessage) -> None:
        self._stage = message.feedback.stage


def _start(node: str, parent: int, **parameters: str) -> "subprocess.Popen[bytes]":
    options = [word for name, value in parameters.items() for word in ("-p", f"{name}:={value}")]
    return subprocess.Popen(
        [sys.executable, "-m", "dreamitate_ros.nodes.start", node, "--ros-args", *options],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env=os.environ | {"DREAMITATE_PARENT": str(parent)},
    )  # fmt: skip


def _until(condition, what: str) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"waited for {what}")
        time.sleep(0.01)

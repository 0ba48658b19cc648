"""How soon a motion is stopped, and how far the arms still move, when something goes wrong at a random time.

Both arms of a cell with faults (faulty_cell) swing sideways; the same run() that moves real arms watches them.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import rclpy
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
from rcl_interfaces.srv import SetParameters
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.kinematics import flange_pose
from dreamitate_ros.execute.run import run
from dreamitate_ros.execute.safety import STALE_S, is_still
from dreamitate_ros.execute.ur5e import joint_names
from dreamitate_ros.nodes.arm_client import ArmClient
from dreamitate_ros.nodes.bringup import environment
from dreamitate_ros.nodes.services import call
from dreamitate_ros.task import load_task
from dreamitate_ros.tool import Tool, load_tools
from dreamitate_ros.values import ArmTrajectory, Array, ToolPath

MOTION_S, SWING_RAD, SAMPLE_S = 4.0, 0.5, 0.02
RESUME_S = 1.0  # how long the arms are watched after the fault is over
PATIENCE_S = 120.0
TRIES = 4
CANCEL = "cancel"  # not a fault: somebody asks for the stop


@dataclass(frozen=True)
class StopTrial:
    """fault: what went wrong; at_s: after the start of the motion.

    cancelled_s, still_s: after the fault, until every goal was cancelled and until the arms were seen to stand
    still; inf: never.
    moved_rad, moved_mm: how far any joint and any flange moved after the fault. resumed_rad: how far any joint moved
    after the fault was over again. error: code and words that the motion ended with, empty where it did not end.
    """

    fault: str
    at_s: float
    cancelled_s: float
    still_s: float
    moved_rad: float
    moved_mm: float
    resumed_rad: float
    error: str


class _Arm(ArmClient):
    """An ArmClient that remembers when it was first told to stop."""

    cancelled_at_s = float("inf")

    def cancel(self) -> None:
        self.cancelled_at_s = min(self.cancelled_at_s, time.monotonic())
        super().cancel()


class StopTrials:
    """A cell with faults in a process of its own, and the arms' clients, for as long as the `with` block lasts.

    stale_s: of run().
    """

    def __init__(self, stale_s: float = STALE_S) -> None:
        self._stale_s = stale_s
        os.environ.update(environment(simulation=True))
        self._tools = _tools()

    def __enter__(self) -> "StopTrials":
        self._cell = subprocess.Popen(
            [sys.executable, "-m", "dreamitate_ros.nodes.start", "faulty_cell"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env=os.environ | {"DREAMITATE_PARENT": str(os.getpid())},
        )  # fmt: skip
        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self._node = rclpy.create_node("stop_trials", context=self._context)
        self._arms = {arm: _client(self._node, arm) for arm in self._tools}
        self._node.create_subscription(JointState, "joint_states", self._take, qos_profile_sensor_data)
        self._parameters = self._node.create_client(SetParameters, "simulated_cell/set_parameters")
        self._since = self._node.create_client(Trigger, "simulated_cell/fault_since")
        self._executor = MultiThreadedExecutor(num_threads=4, context=self._context)
        self._executor.add_node(self._node)
        threading.Thread(target=self._executor.spin, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._cell.send_signal(signal.SIGINT)
        self._executor.shutdown(timeout_sec=2.0)
        rclpy.try_shutdown(context=self._context)
        try:
            self._cell.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._cell.kill()
            self._cell.wait()

    def trial(self, fault: str, at_s: float) -> StopTrial:
        """One motion with `fault`, or CANCEL, at_s after its start; another where it ended before, by itself.

        A machine too busy to hear the joints in time stops motions, too. Raises STAGE_UNAVAILABLE where it always is.
        """
        for _ in range(TRIES):
            trial = self._attempt(fault, at_s)
            if trial is not None and trial.cancelled_s >= 0:
                return trial
        raise DreamitateError(
            ErrorCode.STAGE_UNAVAILABLE,
            f"{TRIES} motions ended before they had come to {fault}: this machine is too busy to measure stops",
        )

    def _attempt(self, fault: str, at_s: float) -> StopTrial | None:
        """None where the motion did not last so long."""
        self._set_fault("")
        self._await_ready()
        for arm in self._arms.values():
            arm.cancelled_at_s = float("inf")
        asked, ended, started = threading.Event(), threading.Event(), threading.Event()
        error = []

        def move() -> None:
            try:
                run(
                    self._swings(), self._arms, self._tools, lambda *_: started.set(), asked.is_set,
                    stale_s=self._stale_s,
                )  # fmt: skip
            except DreamitateError as reason:
                error.append(f"{reason.code.name}: {reason.message}")
            finally:
                ended.set()
                started.set()

        threading.Thread(target=move, daemon=True).start()
        started.wait(PATIENCE_S)
        time.sleep(1.0 + at_s)  # all arms start a second after the goals are sent
        if ended.is_set():
            return None
        before = self._positions()
        fault_s = time.monotonic()
        if fault == CANCEL:
            asked.set()
        else:
            self._set_fault(fault)
            fault_s = self._fault_since()
        still_s = self._await_still(fault_s, ended)
        if fault != "action_server_gone":
            self._set_fault("")
        time.sleep(0.2)  # joints that were not told come in again
        after = self._positions()
        time.sleep(RESUME_S)
        resumed = self._positions()
        cancelled_s = max(arm.cancelled_at_s for arm in self._arms.values()) - fault_s
        return StopTrial(
            fault, at_s, cancelled_s, still_s, joints_apart(before, after), flanges_apart_mm(before, after),
            joints_apart(after, resumed), error[0] if error else "",
        )  # fmt: skip

    def _swings(self) -> dict[str, ArmTrajectory]:
        """Both arms there and back, from where they stand."""
        times_s = np.arange(0.0, MOTION_S + SAMPLE_S / 2, SAMPLE_S)
        phase = 2 * np.pi * times_s / MOTION_S
        swing = np.outer(1 - np.cos(phase), [SWING_RAD / 2, 0, 0, 0, 0, 0])
        speed = np.outer(np.sin(phase), [SWING_RAD * np.pi / MOTION_S, 0, 0, 0, 0, 0])
        motion = {}
        for arm, here in self._positions().items():
            path = ToolPath(arm, times_s, flange_pose(here + swing) @ self._tools[arm].flange_from_tool)
            motion[arm] = ArmTrajectory(
                arm, joint_names(arm), times_s, here + swing, speed, np.gradient(speed, SAMPLE_S, axis=0),
                (0.0, MOTION_S), path,
            )  # fmt: skip
        return motion

    def _await_ready(self) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            try:
                for arm in self._arms.values():
                    arm.ready()
                if all(is_still(arm.state()) for arm in self._arms.values()):
                    return
            except DreamitateError:
                if time.monotonic() > deadline_s:
                    raise
            time.sleep(0.05)

    def _await_still(self, fault_s: float, ended: threading.Event) -> float:
        """When the arms were seen to stand still, s after the fault; inf where they never were."""
        if not ended.wait(MOTION_S + 15.0):
            return float("inf")
        deadline_s = time.monotonic() + 2.0
        while time.monotonic() < deadline_s:
            states = [arm.state() for arm in self._arms.values()]
            fresh = all(time.monotonic() - state.received_s < self._stale_s for state in states)
            if fresh and all(is_still(state) for state in states):
                return max(state.received_s for state in states) - fault_s
            time.sleep(0.01)
        return float("inf")

    def _fault_since(self) -> float:
        """When the fault began, on time.monotonic(): its answer came later."""
        return float(call(self._since, Trigger.Request(), PATIENCE_S, lambda: False, "the cell").message)

    def _set_fault(self, fault: str) -> None:
        value = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=fault)
        request = SetParameters.Request(parameters=[Parameter(name="fault", value=value)])
        call(self._parameters, request, PATIENCE_S, lambda: False, "the cell")

    def _positions(self) -> dict[str, Array]:
        return {name: arm.state().positions for name, arm in self._arms.items()}

    def _take(self, message: JointState) -> None:
        for arm in self._arms.values():
            arm.take_joints(message)


def stop_table(trials: Sequence[StopTrial]) -> str:
    """A line a trial, and the worst of all."""
    lines = [
        f"{'fault':20s} {'at':>6s} {'cancelled':>10s} {'still':>8s} {'joints moved':>13s} {'flange':>9s}"
        f" {'resumed':>9s}"
    ]
    for trial in trials:
        lines.append(
            f"{trial.fault:20s} {trial.at_s:4.2f} s {1e3 * trial.cancelled_s:7.0f} ms {trial.still_s:6.2f} s"
            f" {np.rad2deg(trial.moved_rad):9.2f} deg {trial.moved_mm:6.1f} mm"
            f" {np.rad2deg(trial.resumed_rad):5.2f} deg"
        )
    if trials:
        worst = max(trials, key=lambda trial: trial.cancelled_s)
        lines.append(f"slowest cancel: {1e3 * worst.cancelled_s:.0f} ms after {worst.fault}")
    return "\n".join(lines)


def benchmark_stops(rounds: int, seed: int) -> Iterator[StopTrial]:
    """`rounds` trials of every fault at random times, of a user's cancel, and of the executor's own end."""
    from dreamitate_ros.nodes.executor_trials import EXECUTOR_FAULTS, executor_trial
    from dreamitate_ros.nodes.faulty_cell import FAULTS

    random = np.random.default_rng(seed)
    for _ in range(rounds):
        with StopTrials() as trials:
            for fault in (CANCEL, *FAULTS):  # action_server_gone is the last, for it lasts
                yield trials.trial(fault, float(random.uniform(0.2, MOTION_S - 1.2)))
        for fault in EXECUTOR_FAULTS:
            yield executor_trial(fault, float(random.uniform(0.0, 1.0)))


def _client(node: Node, arm: str) -> _Arm:
    return _Arm(
        node,
        arm,
        controller=f"{arm}/scaled_joint_trajectory_controller",
        status=f"{arm}/io_and_status_controller",
        speed=f"{arm}/speed_scaling_state_broadcaster",
    )


def _tools() -> dict[str, Tool]:
    config = config_directory()
    return load_tools(load_task("rotate", config).arm_tools, config)


def joints_apart(first: Mapping[str, Array], second: Mapping[str, Array]) -> float:
    """Largest difference of any joint of any arm, in rad. arm -> (6,) rad."""
    return float(max(np.abs(first[arm] - second[arm]).max() for arm in first))


def flanges_apart_mm(first: Mapping[str, Array], second: Mapping[str, Array]) -> float:
    """Largest distance between the two places of any arm's flange. arm -> (6,) rad."""
    return float(
        max(
            1e3 * np.linalg.norm((flange_pose(first[arm]) - flange_pose(second[arm]))[:3, 3]) for arm in first
        )
    )

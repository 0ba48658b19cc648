"""Stops the arms when whoever moves them is gone: a driver goes on with an accepted trajectory to its end.

trajectory_executor beats while it moves the arms (motion_beat.py). When it dies in the midst of it, which shows at once
where both run on one computer, or is silent, for it hangs or the network is cut, every goal of the arms' controllers is
cancelled. Runs beside the drivers, in a process of its own that does little else.
"""

import sys
import time
from functools import partial

from action_msgs.srv import CancelGoal
from rclpy.client import Client
from rclpy.node import Node
from rclpy.task import Future
from std_msgs.msg import String

from dreamitate_ros.nodes import parameters
from dreamitate_ros.nodes.bringup import GUARD
from dreamitate_ros.nodes.lifetime import run_node
from dreamitate_ros.nodes.motion_beat import BEAT_QOS, BEAT_TOPIC
from dreamitate_ros.nodes.mover import Mover
from dreamitate_ros.nodes.polled import Polled

ARMS = ("left", "right")
LOOK_EVERY_S = 0.02
CANCEL_EVERY_S = 0.1
INSIST_S = 2.0  # a goal that was on its way is accepted, and cancelled, only later


class MotionGuard(Node):
    """Parameters: ARM.controller as trajectory_executor's, and lost_after_s."""

    def __init__(self) -> None:
        super().__init__(GUARD)
        self._lost_after_s = parameters.number(
            self, "lost_after_s", 0.3, "silence of trajectory_executor that stops all arms", 0.1, 5
        )
        self._cancels: dict[str, Client] = {}
        for arm in ARMS:
            controller = parameters.text(
                self, f"{arm}.controller", f"{arm}/scaled_joint_trajectory_controller", f"of the {arm} arm"
            )
            self._cancels[controller] = self.create_client(
                CancelGoal, f"{controller}/follow_joint_trajectory/_action/cancel_goal"
            )
        self._heard_s: float | None = None  # None: nothing moves that we should watch
        self._cancelled_s: float | None = None
        self._mover: Mover | None = None
        self._beats = Polled(self, String, BEAT_TOPIC, self._hear, BEAT_QOS)
        self.create_timer(LOOK_EVERY_S, self._look)

    def close(self) -> None:
        """Outlive a motion: the executor, told to end when we are, has yet to bring the arms to rest."""
        deadline_s = time.monotonic() + self._lost_after_s + INSIST_S
        while self._heard_s is not None and time.monotonic() < deadline_s:
            time.sleep(LOOK_EVERY_S)

    def _hear(self, mover: String) -> None:
        self._heard_s = time.monotonic() if mover.data else None
        self._cancelled_s = None
        if self._mover is None or self._mover.told != mover.data:
            self._watch(mover.data)

    def _watch(self, told: str) -> None:
        if self._mover is not None:
            self._mover.close()
        self._mover = Mover(told) if told else None

    def _look(self) -> None:
        self._beats.take_new()  # before silence is judged: it is not the executor's where we ourselves were late
        if self._heard_s is None:
            return
        now_s = time.monotonic()
        silent_s = now_s - self._heard_s
        is_dead = self._mover is not None and self._mover.is_dead
        if silent_s > self._lost_after_s + INSIST_S:
            self._heard_s = self._cancelled_s = None
            self._watch("")
        elif (is_dead or silent_s > self._lost_after_s) and now_s - (
            self._cancelled_s or 0.0
        ) > CANCEL_EVERY_S:
            self._cancel_all("has died" if is_dead else f"has been silent for {silent_s:.2f} s")
            self._cancelled_s = now_s

    def _cancel_all(self, why: str) -> None:
        there = {name: client for name, client in self._cancels.items() if client.service_is_ready()}
        if self._cancelled_s is None:
            what = f"the goals of {' and '.join(there)} are cancelled" if there else "NO controller answers"
            self.get_logger().error(f"trajectory_executor, which moves the arms, {why}: {what}")
        for name, client in there.items():
            # neither id nor stamp: all goals, whoever sent them
            client.call_async(CancelGoal.Request()).add_done_callback(partial(self._tell, name))

    def _tell(self, controller: str, answer: Future) -> None:
        if count := len(answer.result().goals_canceling):
            self.get_logger().warning(f"{controller} cancels {count} goal{'s' if count > 1 else ''}")


def main() -> int:
    """Entry point of `ros2 run dreamitate_ros motion_guard`."""
    return run_node(MotionGuard)


if __name__ == "__main__":
    sys.exit(main())

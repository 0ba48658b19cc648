"""A motion sent to a controller or to move_group, from before it is accepted until it has ended."""

import threading
from collections.abc import Callable
from typing import Any

from action_msgs.msg import GoalStatus
from rclpy.task import Future


class SentGoal:
    """One goal, from the future of ActionClient.send_goal_async. read: its result's error code (0: good) and text.

    A cancel holds from the moment of sending: a goal that is accepted only later is cancelled as it is. Thread-safe.
    """

    def __init__(self, answer: Future, read: Callable[[Any], tuple[int, str]]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._handle: Any = None
        self._cancelled = False
        self._result: tuple[int, str] | None = None
        answer.add_done_callback(self._take_answer)

    def result(self) -> tuple[int, str] | None:
        """The error code and text once the motion ended, else None."""
        with self._lock:
            return self._result

    def cancel(self) -> None:
        """Ask the controller to stop, now or as soon as it accepts; returns at once."""
        with self._lock:
            self._cancelled = True
            moving = self._handle if self._result is None else None
        if moving is not None:
            moving.cancel_goal_async()

    def _take_answer(self, answer: Future) -> None:
        if answer.cancelled() or answer.exception() is not None or not answer.result().accepted:
            return  # whoever waits for the answer sees and tells it
        handle = answer.result()
        with self._lock:
            self._handle = handle
            cancelled = self._cancelled
        if cancelled:
            handle.cancel_goal_async()
        handle.get_result_async().add_done_callback(self._take_result)

    def _take_result(self, future: Future) -> None:
        answer = future.result()
        code, text = self._read(answer.result)
        if answer.status != GoalStatus.STATUS_SUCCEEDED and code == 0:
            code, text = -1, text or "the controller ended the motion early"
        with self._lock:
            self._result = (code, text)

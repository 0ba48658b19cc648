"""rclpy's action client, without losing the answer to a goal that is taken at once."""

import threading
from typing import Any

import rclpy.action
from rclpy.task import Future


class ActionClient(rclpy.action.ActionClient):
    """Takes no answer while a goal is on its way out.

    rclpy's own notes the goal in two steps (ros2/rclpy#1532; before, without any lock: #1123). Of an answer that
    another thread takes between them the sender never hears, and what was accepted can no longer be cancelled.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._sending = threading.Lock()
        super().__init__(*arguments, **options)

    def send_goal_async(self, *arguments: Any, **options: Any) -> Future:
        """As rclpy's."""
        with self._sending:
            return super().send_goal_async(*arguments, **options)

    def take_data(self) -> Any:
        """As rclpy's; called by the executor."""
        with self._sending:
            return super().take_data()

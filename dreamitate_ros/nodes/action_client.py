"""rclpy's action client, for a node that already spins: no answer lost, no executor brought down."""

import threading
from typing import Any

import rclpy.action
from rclpy.task import Future


class ActionClient(rclpy.action.ActionClient):
    """Whole before an executor sees it, and takes no answer while a goal is on its way out.

    rclpy 9.1.2's own shows itself to the node's executor before it has its lock (ros2/rclpy#1589), which ends the
    executor's thread. It notes a goal in two steps (#1532; before, without any lock: #1123): of an answer that
    another thread takes between them the sender never hears, and what was accepted can no longer be cancelled.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._sending = threading.Lock()
        self._lock = threading.Lock()  # rclpy's, until it makes its own
        super().__init__(*arguments, **options)

    def send_goal_async(self, *arguments: Any, **options: Any) -> Future:
        """As rclpy's."""
        with self._sending:
            return super().send_goal_async(*arguments, **options)

    def take_data(self) -> Any:
        """As rclpy's; called by the executor."""
        with self._sending:
            return super().take_data()

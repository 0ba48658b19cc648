"""An action server for one goal at a time: progress, cancel and errors handled the same way in every node."""

import threading
import time
import traceback
from collections.abc import Callable
from typing import Any

from rclpy.action import ActionServer, CancelResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.values import Stop

FEEDBACK_EVERY_S = 0.1

Feedback = Callable[..., None]
"""Called with the fields of the action's feedback; published at most every FEEDBACK_EVERY_S."""

Work = Callable[[Any, Feedback, Stop], Any]
"""(goal, feedback, stop) -> result; raises DreamitateError."""


class GoalFailed(Exception):
    """Raised by work that failed but has something to show: `result` goes out with the error's code and words."""

    def __init__(self, error: DreamitateError, result: Any) -> None:
        super().__init__(error.message)
        self.error, self.result = error, result


class GoalServer:
    """Serves `action` under `name`; `work` runs in its own thread.

    A second goal is accepted and at once aborted with BUSY, because a ROS rejection could carry no reason.
    """

    def __init__(self, node: Node, action: Any, name: str, work: Work) -> None:
        self._node, self._action, self._name, self._work = node, action, name, work
        self._busy, self._closing = threading.Lock(), threading.Event()
        self._server = ActionServer(
            node,
            action,
            name,
            execute_callback=self._execute,
            cancel_callback=lambda _: CancelResponse.ACCEPT,
            callback_group=ReentrantCallbackGroup(),
        )

    def close(self, timeout_s: float = 3.0) -> None:
        """Stop the goal in work, if any, and wait for it."""
        self._closing.set()
        if self._busy.acquire(timeout=timeout_s):
            self._busy.release()

    def _execute(self, handle: ServerGoalHandle) -> Any:
        if not self._busy.acquire(blocking=False):
            handle.abort()
            return self._plain_failure(
                DreamitateError(
                    ErrorCode.BUSY, f"{self._name} is busy with another goal; cancel it or wait for its end"
                )
            )
        try:
            return self._run(handle)
        finally:
            self._busy.release()

    def _run(self, handle: ServerGoalHandle) -> Any:
        def stop() -> bool:
            return bool(handle.is_cancel_requested) or self._closing.is_set()

        try:
            result = self._work(handle.request, self._feedback(handle), stop)
        except (DreamitateError, GoalFailed) as failure:
            return self._end(handle, failure)
        except Exception as error:  # a fault of ours; the node lives on and says so
            self._node.get_logger().error(f"{self._name} failed: {traceback.format_exc()}")
            return self._end(handle, DreamitateError(ErrorCode.UNKNOWN, f"{self._name} failed: {error!r}"))
        handle.succeed()
        return result

    def _end(self, handle: ServerGoalHandle, failure: DreamitateError | GoalFailed) -> Any:
        error, result = failure, None
        if isinstance(failure, GoalFailed):
            error, result = failure.error, failure.result
        # an action may only end as canceled when somebody asked for it; a closing node aborts
        if error.code == ErrorCode.CANCELLED and handle.is_cancel_requested:
            handle.canceled()
        else:
            self._node.get_logger().error(error.message)
            handle.abort()
        return self._plain_failure(error, result)

    def _feedback(self, handle: ServerGoalHandle) -> Feedback:
        last_s, last_stage = float("-inf"), ""

        def publish(**fields: Any) -> None:
            nonlocal last_s, last_stage
            now_s, stage = time.monotonic(), fields.get("stage", "")
            if stage == last_stage and now_s - last_s < FEEDBACK_EVERY_S:
                return
            last_s, last_stage = now_s, stage
            if handle.is_active:
                handle.publish_feedback(self._action.Feedback(**fields))

        return publish

    def _plain_failure(self, error: DreamitateError, result: Any = None) -> Any:
        result = result or self._action.Result()
        result.error_code, result.error_msg = int(error.code), error.message
        return result

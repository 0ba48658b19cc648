"""A person's word before anything moves: services `approve` and `reject`, or a timeout that means no."""

import threading
import time

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from std_srvs.srv import Trigger

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.values import Stop

POLL_S = 0.05


class Approval:
    """Offers ~/approve and ~/reject (std_srvs/Trigger) and waits for one of them."""

    def __init__(self, node: Node, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._answer: bool | None = None
        self._waiting = threading.Event()
        group = ReentrantCallbackGroup()
        for name, answer in (("~/approve", True), ("~/reject", False)):
            node.create_service(Trigger, name, self._taker(answer), callback_group=group)

    def wait(self, stop: Stop) -> None:
        """Return once approved; raises NOT_APPROVED when rejected or after the timeout, or Cancelled."""
        self._answer = None
        self._waiting.set()
        try:
            self._await(time.monotonic() + self._timeout_s, stop)
        finally:
            self._waiting.clear()

    def _await(self, deadline_s: float, stop: Stop) -> None:
        while self._answer is None:
            if stop():
                raise Cancelled()
            if time.monotonic() > deadline_s:
                raise DreamitateError(
                    ErrorCode.NOT_APPROVED, f"nobody approved the preview within {self._timeout_s:g} s"
                )
            time.sleep(POLL_S)
        if not self._answer:
            raise DreamitateError(ErrorCode.NOT_APPROVED, "the preview was rejected; nothing moved")

    def _taker(self, answer: bool):
        def take(request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            response.success = self._waiting.is_set()
            response.message = "noted" if response.success else "nothing waits for approval"
            if response.success:
                self._answer = answer
            return response

        return take

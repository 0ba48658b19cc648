"""Calling a service or an action from inside a callback: wait for the answer, but stop when asked to."""

import time
from typing import Any

from rclpy.action import ActionClient
from rclpy.client import Client
from rclpy.task import Future

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.values import Stop

POLL_S = 0.02


def call(client: Client, request: Any, timeout_s: float, stop: Stop, whom: str) -> Any:
    """The response of a service; raises STAGE_UNAVAILABLE naming `whom` after timeout_s, or Cancelled."""
    await_server(client, timeout_s, stop, whom)
    return await_future(client.call_async(request), timeout_s, stop, whom)


def await_server(client: Client | ActionClient, timeout_s: float, stop: Stop, whom: str) -> None:
    """Return when the server is there; raises STAGE_UNAVAILABLE or Cancelled."""
    ready = client.server_is_ready if isinstance(client, ActionClient) else client.service_is_ready
    deadline_s = time.monotonic() + timeout_s
    while not ready():
        _require_time(deadline_s, stop, f"{whom} does not answer; is its node running?")
        time.sleep(POLL_S)


def await_future(future: Future, timeout_s: float, stop: Stop, whom: str) -> Any:
    """The future's result; raises STAGE_UNAVAILABLE or Cancelled."""
    deadline_s = time.monotonic() + timeout_s
    while not future.done():
        _require_time(deadline_s, stop, f"{whom} gave no answer within {timeout_s:g} s; did its node end?")
        time.sleep(POLL_S)
    return future.result()


def _require_time(deadline_s: float, stop: Stop, message: str) -> None:
    if stop():
        raise Cancelled()
    if time.monotonic() > deadline_s:
        raise DreamitateError(ErrorCode.STAGE_UNAVAILABLE, message)

"""Topics that tell more often than anybody wants to know: taken when it suits us, not when they come.

rclpy's executor pays about a millisecond of Python for every message, and holds up all other callbacks meanwhile: two
UR drivers, 500 joint states a second each, are more than one process can hear that way.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import QoSProfile, ReliabilityPolicy

KEPT = 10
"""Messages that wait to be taken; older ones are lost. Enough for the newest of several that share a topic."""

NEWEST = QoSProfile(depth=KEPT, reliability=ReliabilityPolicy.BEST_EFFORT)
LISTEN_EVERY_S = 0.01

Take = Callable[[Any], None]


class Polled:
    """A subscription whose messages wait until take_new(); the node's executor never sees it."""

    def __init__(self, node: Node, kind: type, topic: str, take: Take, qos: QoSProfile = NEWEST) -> None:
        self._node, self._kind, self._take = node, kind, take
        self._subscription = node.create_subscription(kind, topic, take, qos, callback_group=_NeverSpun())

    def take_new(self) -> None:
        """Hand on what came since the last time, in order. Not to be called by two threads at once."""
        handle = self._subscription.handle
        with handle:
            while (taken := handle.take_message(self._kind, False)) is not None:
                self._take(taken[0])

    def destroy(self) -> None:
        """Hear no more."""
        self._node.destroy_subscription(self._subscription)


@contextmanager
def listening(node: Node, kind: type, topic: str, take: Take) -> Iterator[None]:
    """Hear `topic` every LISTEN_EVERY_S, in a thread of its own, as long as the `with` block lasts."""
    polled, ended = Polled(node, kind, topic, take), threading.Event()

    def listen() -> None:
        while not ended.wait(LISTEN_EVERY_S):
            polled.take_new()

    listener = threading.Thread(target=listen, name=f"listen to {topic}", daemon=True)
    listener.start()
    try:
        yield
    finally:
        ended.set()
        listener.join()
        polled.destroy()


class _NeverSpun(CallbackGroup):
    """What an executor has no turn for."""

    def can_execute(self, entity: Any) -> bool:
        return False

    def beginning_execution(self, entity: Any) -> bool:
        return False

    def ending_execution(self, entity: Any) -> None:
        pass

"""Ctrl-C and SIGTERM as a question to ask, not as an exception that may strike anywhere."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from dreamitate_ros.values import Stop


@contextmanager
def interrupts() -> Iterator[Stop]:
    """Says whether Ctrl-C or SIGTERM came, in place of what they do otherwise."""
    came = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: came.set()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield came.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

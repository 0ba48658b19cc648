"""One node's life: start, spin, and an end without a trace on SIGINT, SIGTERM (twice, too) or a dead parent."""

import os
import select
import signal
import sys
import threading
import traceback
from collections.abc import Callable

import rclpy
from rclpy.exceptions import InvalidHandle, ParameterException
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

from dreamitate_ros.errors import DreamitateError

SIGNALS = (signal.SIGINT, signal.SIGTERM)
THREADS = 8
PARENT_VARIABLE = "DREAMITATE_PARENT"
"""Process id of whoever started the graph; it may die before a node is up to look."""


def run_node(factory: Callable[[], Node]) -> int:
    """Run the node that `factory` makes until a signal comes or the parent process is gone.

    Returns the exit code: 0, or 2 after a user's mistake, which is told in one line. A node's close() method, if it
    has one, is called while it can still communicate: to stop motion, and to put things in order.
    """
    ending, end = os.pipe()
    for number in SIGNALS:
        signal.signal(number, lambda *_: os.write(end, b"."))
    rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
    try:
        node = factory()
    except (DreamitateError, ParameterException) as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        rclpy.try_shutdown()
        return 2
    executor = MultiThreadedExecutor(num_threads=THREADS)
    executor.add_node(node)
    spinning = threading.Thread(target=_spin, args=(executor,), name="spin", daemon=True)
    spinning.start()
    _wait(ending)
    for number in SIGNALS:
        # `ros2 run` signals twice; Python gives up handlers of its own before it has ended, but not this one
        signal.signal(number, signal.SIG_IGN)
    if hasattr(node, "close"):
        node.close()
    executor.shutdown(timeout_sec=2.0)
    spinning.join(2.0)
    node.destroy_node()
    rclpy.try_shutdown()
    return 0


def _spin(executor: MultiThreadedExecutor) -> None:
    """Until the executor is shut down. rclpy's spin() ends with any exception, and a node would be deaf."""
    while True:
        try:
            executor.spin()
        except ExternalShutdownException:
            return
        except InvalidHandle:
            continue  # a subscription was destroyed just while rclpy began to wait for it
        except Exception:  # a callback's fault costs its own message, not the node
            traceback.print_exc()
            continue
        return


def _wait(ending: int) -> None:
    """Until asked to end, or alone. A node must not outlive its launch: SIGTERM or SIGKILL there tells it nothing.

    ending: a file descriptor that can be read then.
    """
    parent = int(os.environ.get(PARENT_VARIABLE) or os.getppid())
    try:
        reasons = [ending, os.pidfd_open(parent)] if parent else [ending]  # 0: outside of this container
    except ProcessLookupError:
        return
    select.select(reasons, [], [])

"""The keyboard in front of demonstration_recorder: space starts and stops, d discards, q ends."""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import termios
import threading
import tty
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

import rclpy
from rclpy.client import Client
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import String
from std_srvs.srv import Trigger

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.nodes.bringup import Value, environment
from dreamitate_ros.nodes.services import call

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
SERVICES = {" ": "toggle", "\n": "toggle", "d": "discard", "s": "summary"}
PATIENCE_S = 60.0


def record(parameters: Mapping[str, Value]) -> int:
    """Run the recorder until q or the end of the input; prints what it says, and the summary at the end."""
    os.environ.update(environment(simulation=False))
    arguments = [
        word for name, value in parameters.items() for word in ("-p", f"{name}:={json.dumps(value)}")
    ]
    command = [sys.executable, "-m", "dreamitate_ros.nodes.start", "demonstration_recorder"]
    with tempfile.TemporaryFile("w+") as log:  # a pipe that nobody empties would stop the recorder one day
        recorder = subprocess.Popen(
            [*command, "--ros-args", *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env=os.environ | {"DREAMITATE_PARENT": str(os.getpid())}, start_new_session=True,
        )  # fmt: skip
        try:
            with _services() as services:
                _obey(services, recorder, log)
        finally:
            recorder.send_signal(signal.SIGINT)
            recorder.wait(timeout=PATIENCE_S)
    return 0


@contextmanager
def _services() -> Iterator[dict[str, Client]]:
    """The recorder's services by name; what its status says is printed meanwhile."""
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node("record_keys", context=context)
    node.create_subscription(
        String, "demonstration_recorder/status", lambda message: print(message.data, flush=True), LATCHED
    )
    names = set(SERVICES.values())
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    spinning = threading.Thread(target=executor.spin, daemon=True)
    spinning.start()
    try:
        yield {name: node.create_client(Trigger, f"demonstration_recorder/{name}") for name in names}
    finally:
        executor.shutdown(timeout_sec=2.0)
        spinning.join(2.0)
        node.destroy_node()
        rclpy.try_shutdown(context=context)


def _obey(services: Mapping[str, Client], recorder: subprocess.Popen, log: TextIO) -> None:
    print("space: start or stop a take   d: discard the last   s: summary   q: end", flush=True)
    print("live preview: ros2 run rqt_image_view rqt_image_view /demonstration_recorder/preview", flush=True)
    with _single_keys():
        for key in _keys(recorder):
            if key == "q":
                break
            if key in SERVICES:
                _ask(services, SERVICES[key])
    if recorder.poll() is not None:
        raise DreamitateError(ErrorCode.STAGE_UNAVAILABLE, f"the recorder ended: {_last_line(log)}")
    _ask(services, "summary")


def _ask(services: Mapping[str, Client], name: str) -> None:
    """What the takes come to is told by the recorder's status; the summary is the answer itself."""
    answer = call(services[name], Trigger.Request(), PATIENCE_S, lambda: False, "the recorder")
    if name == "summary":
        print(answer.message, flush=True)


def _keys(recorder: subprocess.Popen) -> Iterator[str]:
    """Keys as they are pressed, until the input or the recorder ends."""
    while recorder.poll() is None:
        if select.select([sys.stdin], [], [], 0.2)[0]:
            key = os.read(sys.stdin.fileno(), 1).decode(errors="replace")
            if not key:
                return
            yield key


@contextmanager
def _single_keys() -> Iterator[None]:
    """Keys arrive without Enter, where the input is a terminal."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _last_line(log: TextIO) -> str:
    log.seek(0)
    lines = log.read().strip().splitlines()
    return lines[-1] if lines else "it said nothing"

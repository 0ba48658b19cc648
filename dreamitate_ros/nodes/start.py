"""Entry points of the nodes. An interrupt while a node is still importing ends it as quietly as a later one."""

import importlib
import os
import signal
import sys
from functools import partial


def start(node: str) -> int:
    """Import and run the module of this name, until a signal comes; returns the exit code.

    Imports take seconds, nothing is open and nothing moves meanwhile: the process ends at once and without a trace.
    Afterwards run_node() handles signals.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    return int(importlib.import_module(f"dreamitate_ros.nodes.{node}").main())


calibration_guide = partial(start, "calibration_guide")
demonstration_recorder = partial(start, "demonstration_recorder")
faulty_cell = partial(start, "faulty_cell")
motion_guard = partial(start, "motion_guard")
policy = partial(start, "policy")
simulated_cell = partial(start, "simulated_cell")
stereo_capture = partial(start, "stereo_capture")
tool_tracker = partial(start, "tool_tracker")
trajectory_executor = partial(start, "trajectory_executor")
video_generator = partial(start, "video_generator")

if __name__ == "__main__":
    sys.exit(start(sys.argv.pop(1)))

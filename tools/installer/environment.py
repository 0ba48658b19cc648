"""Runs at the start of every interpreter of .venv (through a .pth file), so that nobody sources anything.

It puts the ROS packages built for this clone beside the ROS 2 wheels: sys.path, AMENT_PREFIX_PATH and
LD_LIBRARY_PATH. The loader reads the last one only when a process starts; the wheels' own
ros_wheels_bootstrapper.pth, which sorts after ours, re-executes the interpreter with what we set here.
A ROS that happens to be sourced in the same shell is left out: two rclpys in one process do not work.
"""

import os
import sys
from pathlib import Path


def _entries(variable: str) -> list[str]:
    return [entry for entry in os.environ.get(variable, "").split(os.pathsep) if entry]


def _outside(entries: list[str], prefixes: list[str]) -> list[str]:
    return [entry for entry in entries if not any(Path(entry).is_relative_to(prefix) for prefix in prefixes)]


def _enter() -> None:
    packages = sorted(Path(sys.prefix, "ros", "install").glob("*/share/*/package.xml"))
    own = [*(str(package.parents[2]) for package in packages), sys.prefix]
    sourced = _outside(_entries("AMENT_PREFIX_PATH"), own)
    os.environ["AMENT_PREFIX_PATH"] = os.pathsep.join(own)

    python_path = _entries("PYTHONPATH")
    kept = _outside(python_path, sourced)
    if kept != python_path:
        os.environ["PYTHONPATH"] = os.pathsep.join(kept)
        sys.path[:] = [entry for entry in sys.path if entry in kept or entry not in python_path]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    sys.path += [f"{prefix}/lib/{version}/site-packages" for prefix in own[:-1]]

    loaded = _entries("LD_LIBRARY_PATH")
    libraries = [f"{prefix}/lib" for prefix in own]
    others = [entry for entry in _outside(loaded, sourced) if entry not in libraries]
    os.environ["LD_LIBRARY_PATH"] = os.pathsep.join(libraries + others)
    if not set(libraries) <= set(loaded):
        os.environ.pop("_ROS_WHEELS_BOOTSTRAP_COMPLETE", None)  # inherited from another environment's Python


_enter()

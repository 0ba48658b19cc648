"""Runs at the start of every interpreter of .venv (through a .pth file), so that nobody sources anything.

It puts the interface packages built for this clone beside the ROS 2 wheels: sys.path, AMENT_PREFIX_PATH and
LD_LIBRARY_PATH. The loader reads the last one only when a process starts; the wheels' own
ros_wheels_bootstrapper.pth, which sorts after ours, re-executes the interpreter with what we set here.
A ROS that happens to be sourced in the same shell is left out: two rclpys in one process do not work.
"""

import os
import sys
from pathlib import Path


def _without(variable: str, prefixes: list[str]) -> list[str]:
    entries = [entry for entry in os.environ.get(variable, "").split(os.pathsep) if entry]
    return [entry for entry in entries if not any(Path(entry).is_relative_to(prefix) for prefix in prefixes)]


def _enter() -> None:
    packages = sorted(Path(sys.prefix, "ros", "install").glob("*/share/*/package.xml"))
    own = [str(package.parents[2]) for package in packages] + [sys.prefix]
    known = [entry for entry in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if entry]
    sourced = [prefix for prefix in known if prefix not in own]

    site_packages = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    sys.path[:] = [entry for entry in sys.path if entry not in _left_out(sourced)]
    sys.path += [f"{prefix}/{site_packages}" for prefix in own[:-1]]

    libraries = [f"{prefix}/lib" for prefix in own]
    others = [entry for entry in _without("LD_LIBRARY_PATH", sourced) if entry not in libraries]
    os.environ["LD_LIBRARY_PATH"] = os.pathsep.join(libraries + others)
    os.environ["AMENT_PREFIX_PATH"] = os.pathsep.join(own)


def _left_out(sourced: list[str]) -> set[str]:
    """PYTHONPATH entries of a sourced ROS; also taken out of the variable, for child processes."""
    if not sourced or "PYTHONPATH" not in os.environ:
        return set()
    before = set(os.environ["PYTHONPATH"].split(os.pathsep))
    kept = _without("PYTHONPATH", sourced)
    os.environ["PYTHONPATH"] = os.pathsep.join(kept)
    return before - set(kept)


_enter()

"""The set-up from end to end."""

import argparse
import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from installer import machine, packages, project, ros_packages
from installer.errors import SetUpError
from installer.places import ROOT


def main(arguments: list[str]) -> int:
    """Set up .venv; returns the exit status. Prints nothing when there is nothing to do."""
    parser = argparse.ArgumentParser(prog="bootstrap.py", description="Set up .venv for this clone.")
    parser.add_argument("--development", action="store_true", help="also what `make test` needs")
    requirements = "requirements-dev.txt" if parser.parse_args(arguments).development else "requirements.txt"
    try:
        with _alone():
            set_up(requirements)
    except SetUpError as error:
        print(f"set-up: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nset-up: interrupted; the next run continues", file=sys.stderr)
        return 130
    return 0


def set_up(requirements: str) -> None:
    """Do what is not done yet; raises SetUpError."""
    installed = packages.are_installed(requirements)
    if installed and not ros_packages.changed() and project.is_installed():
        return
    start = time.monotonic()
    machine.check(machine.TO_BUILD_GB if installed else machine.TO_INSTALL_GB)
    packages.make_environment()
    packages.install(requirements)
    ros_packages.build()
    project.install()
    print(f"set-up: ready after {time.monotonic() - start:.0f} s", flush=True)


@contextmanager
def _alone() -> Iterator[None]:
    """Wait while another set-up of this clone runs."""
    folder = os.open(ROOT / "tools", os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("set-up: waiting for another set-up of this clone", flush=True)
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)

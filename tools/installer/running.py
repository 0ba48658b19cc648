"""Running a long command quietly: its output goes to a log, a person sees steps and elapsed seconds."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from installer.errors import SetUpError
from installer.places import LOG, ROOT

REPORT_EVERY_S = 15.0
SHOWN_ON_FAILURE = 25  # lines

# A ROS sourced in this shell, or an activated environment, must not leak into the build of .venv.
FOREIGN = (
    "AMENT_PREFIX_PATH",
    "CMAKE_PREFIX_PATH",
    "COLCON_PREFIX_PATH",
    "COLCON_DEFAULTS_FILE",
    "LD_LIBRARY_PATH",
    "PIP_REQUIRE_VIRTUALENV",
    "PYTHONHOME",
    "PYTHONPATH",
    "ROS_DISTRO",
    "ROS_VERSION",
    "VIRTUAL_ENV",
    "_ROS_WHEELS_BOOTSTRAP_COMPLETE",
)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Print what is being done, and how long it took."""
    start = time.monotonic()
    print(f"set-up: {title} ...", flush=True)
    yield
    print(f"set-up: {title}: done in {time.monotonic() - start:.0f} s", flush=True)


def run(command: list[str], failed: str, shown: tuple[str, ...] = (), **extra: str) -> None:
    """Run a command in ROOT, appending its output to the log.

    Prints the lines of output that start with one of `shown`; with none given, a line now and then. `extra` is
    added to the environment. Raises SetUpError(failed), after the last lines of output, when the command fails.
    """
    start = last_report = time.monotonic()
    lines: list[str] = []
    environment = {key: value for key, value in os.environ.items() if key not in FOREIGN} | extra
    with LOG.open("a") as log, _start(command, environment) as process:
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            lines.append(line.rstrip())
            now = time.monotonic()
            if line.startswith(shown) if shown else now - last_report > REPORT_EVERY_S:
                last_report = now
                print(f"  {now - start:4.0f} s  {line.strip():.60}", flush=True)
    if process.returncode != 0:
        print("\n".join(lines[-SHOWN_ON_FAILURE:]), file=sys.stderr)
        detail = f"exit status {process.returncode}, all output: {LOG.relative_to(ROOT)}"
        raise SetUpError(f"{failed} ({detail})")


def _start(command: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )

"""Set up .venv so that nothing needs sourcing; `make demo` and `make test` run this first. Safe to repeat.

    python3 tools/bootstrap.py [--development]

This file keeps to old syntax: it must still run on a Python that is too old, in order to say so.
"""

import os
import shutil
import subprocess
import sys

SUPPORTED = ((3, 11), (3, 12), (3, 13))


def supported_python():
    """Path of a Python this project runs on: this one, else the newest on PATH; None where there is none."""
    if sys.version_info[:2] in SUPPORTED:
        return sys.executable
    for version in reversed(SUPPORTED):
        python = shutil.which("python{}.{}".format(*version))
        if python and _runs_as(python, version):
            return python
    return None


def _runs_as(python, version):
    code = f"import sys; sys.exit(sys.version_info[:2] != {version})"
    return subprocess.call([python, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def main():
    python = supported_python()
    if python is None:
        sys.exit(
            "set-up: Python {}.{} is not supported; install Python 3.11, 3.12 or 3.13 "
            "(Debian has python3.11 or python3.13), or name one: make PYTHON=/path/to/python3.12".format(
                *sys.version_info[:2]
            )
        )
    if sys.version_info[:2] not in SUPPORTED:
        os.execv(python, [python] + sys.argv)

    from installer.setup import main as set_up

    sys.exit(set_up(sys.argv[1:]))


if __name__ == "__main__":
    main()

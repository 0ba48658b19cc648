"""Set up .venv so that nothing needs sourcing; `make demo` and `make test` run this first. Safe to repeat.

    python3 tools/bootstrap.py [--development]

This file keeps to old syntax: it must still run on a Python that is too old, in order to say so.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SUPPORTED = ((3, 11), (3, 12), (3, 13))
ROOT = Path(__file__).resolve().parent.parent


def supported_python():
    """Path of a Python this project runs on; None where there is none.

    The one that made .venv, so that .venv is kept; else this one; else the newest on PATH.
    """
    names = ["python{}.{}".format(*version) for version in reversed(SUPPORTED)]
    candidates = [_maker_of_venv(), sys.executable, *map(shutil.which, names)]
    return next((python for python in candidates if python and _is_supported(python)), None)


def _maker_of_venv():
    try:
        settings = (ROOT / ".venv" / "pyvenv.cfg").read_text()
    except OSError:
        return None
    lines = [line.partition("=") for line in settings.splitlines()]
    return next((value.strip() for key, _, value in lines if key.strip() == "executable"), None)


def _is_supported(python):
    code = f"import sys; sys.exit(sys.version_info[:2] not in {SUPPORTED})"
    try:
        return subprocess.call([python, "-ISc", code], stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def main():
    python = supported_python()
    if python is None:
        sys.exit(
            "set-up: Python {}.{} is not supported; install Python 3.11, 3.12 or 3.13 "
            "(Debian has python3.11 or python3.13), or name one: make PYTHON=/path/to/python3.12".format(
                *sys.version_info[:2]
            )
        )
    if Path(python).resolve() != Path(sys.executable).resolve():
        os.execv(python, [python] + sys.argv)

    from installer.setup import main as set_up

    sys.exit(set_up(sys.argv[1:]))


if __name__ == "__main__":
    main()

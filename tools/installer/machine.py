"""What the machine must have before anything is installed; each lack is one sentence with its cure."""

import ctypes
import importlib.util
import shutil
import sys
import sysconfig
from pathlib import Path

from installer.errors import SetUpError
from installer.places import ROOT

TO_INSTALL_GB = 5.0  # .venv takes 2.4 GB with the CPU build of torch; pip unpacks beside it while it installs
TO_BUILD_GB = 0.3


def check(needed_gb: float) -> None:
    """Raises SetUpError for the first thing that is missing."""
    check_system()
    check_python()
    check_compiler()
    check_rendering()
    check_disk(needed_gb)


def check_system() -> None:
    """The ROS 2 wheels are for Linux."""
    if sys.platform != "linux":
        raise SetUpError("the ROS 2 wheels are for Linux; use a Linux machine, virtual machine or container")
    if any(character in str(ROOT) for character in " :;"):
        raise SetUpError(
            f"CMake and the loader cannot work in {ROOT}; clone to a path without spaces or colons"
        )


def check_python() -> None:
    """`python3 -m venv` and the C header, which Debian packs apart."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        raise SetUpError(f"this Python cannot make virtual environments; apt install python{version}-venv")
    if not Path(sysconfig.get_path("include"), "Python.h").exists():
        raise SetUpError(
            f"the C header of this Python (Python.h) is missing; apt install python{version}-dev"
        )


def check_compiler() -> None:
    """The generated interface code is C and C++."""
    missing = [compiler for compiler in ("cc", "c++") if shutil.which(compiler) is None]
    if missing:
        raise SetUpError(f"no compiler ({' and '.join(missing)} not on PATH); apt install g++")


def check_rendering() -> None:
    """MuJoCo renders through EGL, and finds the OpenGL functions in a library of their own."""
    for library, others in (("libEGL.so.1", ()), ("libOpenGL.so.0", ("libGL.so.1",))):
        if not any(_loads(name) for name in (library, *others)):
            raise SetUpError(f"rendering needs {library}; apt install libegl1 libopengl0 libgl1-mesa-dri")


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def check_disk(needed_gb: float) -> None:
    """Room for .venv and for what pip unpacks."""
    free_gb = shutil.disk_usage(ROOT).free / 1e9
    if free_gb < needed_gb:
        raise SetUpError(
            f"not enough disk space: {free_gb:.1f} GB free at {ROOT}, the set-up needs {needed_gb:.1f} GB; free some"
        )

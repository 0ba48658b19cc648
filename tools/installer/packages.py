"""The virtual environment and the pinned Python packages in it, real ROS 2 wheels included."""

import re
import sys
import sysconfig
from pathlib import Path

from installer.places import PYTHON, ROOT, VENV
from installer.running import run, step
from installer.stamps import fingerprint, record, recorded

REQUIREMENTS = ("constraints.txt", "requirements-ros.txt", "requirements.txt")


def environment_key() -> str:
    """Changes when .venv must be made anew: another Python, or the clone moved (.venv holds absolute paths)."""
    return fingerprint(sys.version, sys.base_prefix, str(VENV))


def ros_key() -> str:
    """Changes when the ROS packages must be built anew."""
    return fingerprint(environment_key(), files=[ROOT / "requirements-ros.txt"])


def packages_key(requirements: str) -> str:
    """Changes when pip must look again."""
    names = dict.fromkeys([*REQUIREMENTS, requirements])
    return fingerprint(environment_key(), files=[ROOT / name for name in names])


def are_installed(requirements: str) -> bool:
    """Whether .venv holds what a requirements file pins."""
    return PYTHON.exists() and recorded(requirements) == packages_key(requirements)


def make_environment() -> None:
    """Create .venv, or create it anew where it belongs to another Python or another place."""
    if recorded("environment") == environment_key() and PYTHON.exists():
        return
    with step("virtual environment .venv"):
        made_elsewhere = recorded("environment") is not None
        VENV.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "venv", *(["--clear"] if made_elsewhere else []), str(VENV)]
        run(command, "the virtual environment could not be made")
        record("environment", environment_key())


def install(requirements: str) -> None:
    """Install a requirements file; raises SetUpError with pip's last words."""
    if are_installed(requirements):
        return
    with step(f"Python packages of {requirements}"):
        command = [
            str(PYTHON),
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--progress-bar",
            "off",
        ]
        run([*command, "-r", requirements], f"the packages of {requirements} could not be installed")
        repair_exports()
        for name in {"requirements.txt", requirements}:  # the former is part of each
            record(name, packages_key(name))


def repair_exports() -> None:
    """Point the wheels' CMake exports at this Python and this NumPy.

    They carry two include directories of the machine that built them, and CMake refuses a non-existent one.
    """
    python_include = sysconfig.get_path("include")
    numpy_include = next(VENV.glob("lib/python*/site-packages/numpy/_core/include"))
    for export in (VENV / "share").glob("*/cmake/*Export.cmake"):
        text = export.read_text()
        repaired = with_includes(text, python_include, str(numpy_include))
        if repaired != text:
            export.write_text(repaired)


def with_includes(export: str, python_include: str, numpy_include: str) -> str:
    """The text of a CMake export with its Python and NumPy include directories replaced."""
    export = re.sub(r'/[^";]*/include/python3\.\d+(?=[";])', lambda _: python_include, export)
    return re.sub(r'/[^";]*/numpy/_core/include(?=[";])', lambda _: numpy_include, export)


def interfaces_in_wheels() -> set[str]:
    """Names of the ROS packages that the wheels bring."""
    return {manifest.parent.name for manifest in Path(VENV, "share").glob("*/package.xml")}

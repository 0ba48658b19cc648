"""The ROS packages beside dreamitate_ros, built through colcon: interfaces that the wheels lack, and the models."""

import os
import shutil
from pathlib import Path

from installer.packages import interfaces_in_wheels, ros_key
from installer.places import PYTHON, ROOT, ROS, VENV
from installer.running import run, step
from installer.stamps import fingerprint, record, recorded

OURS = ("dreamitate_msgs", "dreamitate_models")


def build() -> None:
    """Build what is missing or changed: ours always, others' only where the wheels have none."""
    sources = changed()
    if not sources:
        return
    with step(f"ROS packages {', '.join(source.name for source in sources)}"):
        for source in sources:
            _forget(source)
        _colcon(sources)
        for source in sources:
            record(source.name, package_key(source))


def changed() -> list[Path]:
    """The packages to build: those that have changed since they were built, or never were."""
    provided = interfaces_in_wheels()
    others = [path.parent for path in sorted(ROOT.glob("interfaces/*/package.xml"))]
    wanted = [*(ROOT / name for name in OURS), *(path for path in others if path.name not in provided)]
    return [source for source in wanted if recorded(source.name) != package_key(source)]


def package_key(source: Path) -> list[str]:
    """Hash of a package's files and what it is built with; then their names."""
    files = [path for path in sorted(source.rglob("*")) if path.is_file()]
    return [fingerprint(ros_key(), files=files), *(str(path.relative_to(source)) for path in files)]


def _forget(source: Path) -> None:
    """Clear what an earlier build left, but continue one that was interrupted.

    A new or changed definition is built in place; a removed one would leave generated files behind.
    """
    built = recorded(source.name)
    record(source.name, None)
    if built is None or set(built[1:]) <= set(package_key(source)[1:]):
        return
    for folder in ("build", "install"):
        shutil.rmtree(ROS / folder / source.name, ignore_errors=True)


def _colcon(sources: list[Path]) -> None:
    base_paths = [str(source.relative_to(ROOT)) for source in sources]
    folders = ["--build-base", str(ROS / "build"), "--install-base", str(ROS / "install")]
    cmake = ["-G", "Ninja", f"-DPython3_EXECUTABLE={PYTHON}", f"-DCMAKE_PREFIX_PATH={VENV}"]
    run(
        [str(VENV / "bin" / "colcon"), "--log-base", str(ROS / "log"), "build", "--base-paths", *base_paths]
        + [*folders, "--event-handlers", "console_cohesion+", "--cmake-args", *cmake],
        "the ROS packages could not be built",
        shown=("Starting >>>", "Finished <<<", "Failed   <<<"),
        AMENT_PREFIX_PATH=str(VENV),
        CMAKE_PREFIX_PATH=str(VENV),
        PATH=f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}",
    )

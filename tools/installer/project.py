"""This package in .venv: the source itself, so that edits apply, and what ROS looks for beside it."""

import shutil
from pathlib import Path

from installer.places import PYTHON, ROOT, ROS, SITE_PACKAGES, VENV
from installer.running import run, step
from installer.stamps import fingerprint, record, recorded

HOOK = Path(__file__).with_name("environment.py")


def is_installed() -> bool:
    """Whether .venv knows this package as it is now."""
    return bool(recorded("project") == project_key())


def install() -> None:
    """Hook the environment into .venv's interpreter and link this package into it."""
    if is_installed():
        return
    with step("dreamitate_ros in .venv"):
        shutil.copyfile(HOOK, SITE_PACKAGES / "dreamitate_environment.py")
        (SITE_PACKAGES / "dreamitate_environment.pth").write_text("import dreamitate_environment\n")
        run(
            [str(PYTHON), "tools/installer/link_project.py", str(ROS / "install")],
            "setup.py could not be read",
        )
        command = VENV / "bin" / "dreamitate"
        command.unlink(missing_ok=True)
        command.symlink_to(ROS / "install" / "dreamitate_ros" / "lib" / "dreamitate_ros" / "dreamitate")
        record("project", project_key())


def project_key() -> str:
    """Changes when an entry point, or a file under launch/ or config/, comes or goes."""
    shared = [path for folder in ("launch", "config") for path in (ROOT / folder).rglob("*")]
    names = sorted(str(path.relative_to(ROOT)) for path in shared if "__pycache__" not in path.parts)
    described = [ROOT / "setup.py", ROOT / "setup.cfg", ROOT / "package.xml"]
    tools = [HOOK, Path(__file__), Path(__file__).with_name("link_project.py")]
    return fingerprint(str(SITE_PACKAGES), *names, files=described + tools)

"""Install this package as setup.py describes it, with links in place of copies. Run by .venv's own Python.

    python link_project.py INSTALL_BASE

Like `colcon build --symlink-install`, which newer setuptools no longer supports: INSTALL_BASE/dreamitate_ros
gets setup.py's data files and, where `ros2 run` and launch look for them, its console scripts.
"""

import shutil
import sys
import sysconfig
from distutils.core import run_setup  # setuptools provides it from Python 3.12 on
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

SCRIPT = """\
#!{python}
import sys

from {module} import {function}

sys.exit({function}())
"""


def main(install_base: Path) -> None:
    prefix = install_base / "dreamitate_ros"
    shutil.rmtree(prefix, ignore_errors=True)
    site_packages = Path(sysconfig.get_path("purelib"))
    distribution: Any = run_setup(str(ROOT / "setup.py"), ["egg_info", "--egg-base", str(site_packages)])
    link(site_packages / "dreamitate_ros", ROOT / "dreamitate_ros")
    for folder, files in distribution.data_files:
        for file in files:
            link(prefix / folder / Path(file).name, ROOT / file)
    for entry in distribution.entry_points["console_scripts"]:
        write_script(prefix / "lib" / "dreamitate_ros", entry)


def link(path: Path, target: Path) -> None:
    """A symbolic link at `path`, in place of an older one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def write_script(folder: Path, entry: str) -> None:
    """The executable for `name = module:function`."""
    name, _, target = (part.strip() for part in entry.partition("="))
    module, _, function = target.partition(":")
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / name
    script.write_text(SCRIPT.format(python=sys.executable, module=module, function=function))
    script.chmod(0o755)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

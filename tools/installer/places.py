"""Where things are: all of the set-up lives in .venv of this clone."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
ROS = VENV / "ros"  # build, install and log folders of the ROS packages
STAMPS = VENV / "setup.json"
LOG = VENV / "setup.log"
SITE_PACKAGES = VENV / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"

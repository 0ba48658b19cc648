"""What the command line costs those who do not imagine."""

import subprocess
import sys

SCRIPT = """
import sys
from dreamitate_ros import cli
import dreamitate_ros.generate.generator, dreamitate_ros.track.tracker
from dreamitate_ros.generate.diffusion import settings
cli.parser().format_help()
heavy = {"torch", "diffusers", "transformers", "accelerate"} & sys.modules.keys()
assert not heavy, heavy
"""


def test_help_and_tracker_and_presets_do_not_load_torch() -> None:
    ran = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=100)
    assert ran.returncode == 0, ran.stderr

"""The nodes' entry points."""

import ast
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dreamitate_ros.nodes import start
from dreamitate_ros.nodes.bringup import Settings, graph

SLOW_IMPORT = """
import sys, time
from dreamitate_ros.nodes.start import start

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "dreamitate_ros.nodes.policy":
            print("importing", flush=True)
            time.sleep(60)

sys.meta_path.insert(0, Slow())
sys.exit(start("policy"))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_import_ends_quietly(number):
    node = subprocess.Popen(
        [sys.executable, "-c", SLOW_IMPORT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert node.stdout.readline() == "importing\n"
    node.send_signal(number)
    _, said = node.communicate(timeout=50)
    assert said == ""
    assert node.returncode == 0


def test_every_node_has_its_entry_point():
    setup = ast.parse((Path(__file__).parents[2] / "setup.py").read_text())
    installed = next(
        ast.literal_eval(line.value)
        for line in setup.body
        if isinstance(line, ast.Assign) and line.targets[0].id == "NODES"
    )
    for name in {*installed, *(node.name for node in graph(Settings(simulation=False)))}:
        assert getattr(start, name).args == (name,)

"""The core is plain Python: only nodes/ imports ROS."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "dreamitate_ros"
CORE = sorted(path for path in PACKAGE.rglob("*.py") if "nodes" not in path.relative_to(PACKAGE).parts)
ROS = ("rclpy", "launch", "launch_ros", "ament_index_python", "rcl_interfaces", "cv_bridge", "tf2_ros")

FORBID = """
import importlib, sys

class Forbidden:
    def find_spec(self, name, path=None, target=None):
        root = name.split(".")[0]
        if root in {ros!r} or root.endswith("_msgs") or root.endswith("_srvs"):
            raise AssertionError("the core imports " + name)

sys.meta_path.insert(0, Forbidden())
for module in {modules!r}:
    importlib.import_module(module)
"""


def is_ros(module):
    root = module.split(".")[0]
    return root in ROS or root.endswith(("_msgs", "_srvs"))


def module_name(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def at_module_level(tree):
    """Import statements that run on import: not inside a function."""
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node


def test_core_imports_where_there_is_no_ros():
    modules = [module_name(path) for path in CORE if path.name != "__main__.py"]
    script = FORBID.format(ros=ROS, modules=modules)
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=200)
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("path", CORE, ids=module_name)
def test_no_core_file_names_ros(path):
    """Also inside functions; the command line may reach for nodes/, but not for ROS itself."""
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        assert not [name for name in names if is_ros(name)]


def test_only_the_commands_reach_for_nodes():
    """On import, no core module loads nodes/."""
    reaching = [
        module_name(path)
        for path in CORE
        for node in at_module_level(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("dreamitate_ros.nodes")
    ]
    assert set(reaching) <= {"dreamitate_ros.cli"}

"""What ROS sees of the two packages: under colcon, and in .venv without sourcing anything."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from installer import places

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(
    Path(sys.prefix) != places.VENV, reason="ROS 2 is sourced: colcon built what runs here"
)

# Type hashes of the upstream definitions (geometry2 rolling, control_msgs 6.8, ur_msgs 2, ur_robot_driver kilted),
# as upstream's files gave them through rosidl: with these a driver and we understand each other.
UPSTREAM = {
    "tf2_msgs/msg/TFMessage": "RIHS01_e369d0f05a23ae52508854b66f6aa0437f3449d652e8cbf22d5abe85d020f087",
    "control_msgs/action/FollowJointTrajectory": (
        "RIHS01_ff29901b2693f5deb847e96084a1c2cdb26e70b7c847be21859b70a55fb29cf0"
    ),
    "ur_dashboard_msgs/msg/RobotMode": "RIHS01_ba3c379b3c995f660b38d03a195dc23ed7571a1bc06ceed2cec38c75ae9bd634",
    "ur_dashboard_msgs/msg/SafetyMode": "RIHS01_9eb2716e6905f06e4eb60af26712660486e909026aa89c553dd633f1fb22f592",
    "ur_msgs/srv/SetSpeedSliderFraction": (
        "RIHS01_04ad37ccb229fa4bce24db36230f09f416a1a637d3b29602907f5675125d402a"
    ),
}


def run(*command: str, cwd: Path = ROOT, **variables: str) -> str:
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", UPSTREAM)
def test_definitions_are_wire_compatible_with_upstream(name: str) -> None:
    package = name.split("/")[0]
    description = places.ROS / "install" / package / "share" / f"{name}.json"
    hashes = json.loads(description.read_text())["type_hashes"]
    assert {entry["type_name"]: entry["hash_string"] for entry in hashes}[name] == UPSTREAM[name]


def test_plain_colcon_finds_all_packages() -> None:
    colcon = str(places.VENV / "bin" / "colcon")
    assert run(colcon, "--log-base", os.devnull, "list", "--names-only").split() == [
        "dreamitate_models",
        "dreamitate_msgs",
        "dreamitate_ros",
    ]


def test_colcon_installs_the_models() -> None:
    """The set-up does, as `colcon build` anywhere."""
    installed = places.ROS / "install" / "dreamitate_models" / "share" / "dreamitate_models"
    source = ROOT / "dreamitate_models"
    weights = {path.relative_to(source) for path in source.glob("*/*/*.safetensors")}
    assert weights
    assert {path.relative_to(installed) for path in installed.glob("*/*/*.safetensors")} == weights


def test_colcon_installs_what_launch_needs(tmp_path: Path) -> None:
    folders = [f"--{name}-base={tmp_path / name}" for name in ("build", "install")]
    colcon = [str(places.VENV / "bin" / "colcon"), f"--log-base={tmp_path / 'log'}"]
    run(*colcon, "build", *folders, "--packages-select", "dreamitate_ros")
    prefix = tmp_path / "install" / "dreamitate_ros"
    installed = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file()}
    ours = (path for folder in ("config", "launch") for path in (ROOT / folder).rglob("*") if path.is_file())
    expected = {
        f"share/dreamitate_ros/{path.relative_to(ROOT)}" for path in ours if "__pycache__" not in path.parts
    }
    expected |= {f"lib/dreamitate_ros/{name}" for name in ("dreamitate", "policy", "simulated_cell")}
    expected |= {
        "share/ament_index/resource_index/packages/dreamitate_ros",
        "share/dreamitate_ros/package.xml",
    }
    assert expected <= installed


def test_package_data_is_installed() -> None:
    """Every file of the package that is no Python is covered by setup.py's package_data."""
    files = [
        path
        for path in (ROOT / "dreamitate_ros").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    suffixes = {path.suffix for path in files} - {".py"}
    assert suffixes <= {".html", ".css", ".xml", ".json"}


def test_ament_index_without_sourcing(tmp_path: Path) -> None:
    code = (
        "from ament_index_python import get_package_share_path as share;"
        "print((share('dreamitate_ros') / 'package.xml').is_file(), (share('dreamitate_msgs')).is_dir())"
    )
    assert run(sys.executable, "-c", code, cwd=tmp_path).split() == ["True", "True"]


def test_command_is_there_without_sourcing(tmp_path: Path) -> None:
    assert "demo" in run(str(places.VENV / "bin" / "dreamitate"), "--help", cwd=tmp_path)


def test_a_sourced_ros_is_left_out(tmp_path: Path) -> None:
    sourced = {
        "AMENT_PREFIX_PATH": "/opt/ros/other",
        "PYTHONPATH": f"/opt/ros/other/lib/python3/site-packages:{tmp_path}",
        "LD_LIBRARY_PATH": "/opt/ros/other/lib",
        "_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1",
    }
    code = (
        "import os, sys, rclpy; from dreamitate_msgs.msg import StereoPair;"
        "StereoPair.__class__.__import_type_support__();"
        "print([name for name in os.environ if '/opt/ros/other' in os.environ[name]],"
        "      [entry for entry in sys.path if '/opt/ros/other' in entry], os.environ['PYTHONPATH'])"
    )
    assert run(sys.executable, "-c", code, **sourced).split() == ["[]", "[]", str(tmp_path)]

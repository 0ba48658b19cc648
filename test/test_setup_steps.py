"""The set-up repeats what changed or did not finish, and nothing else."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from installer import packages, places, ros_packages, running, setup, stamps
from installer.errors import SetUpError

ROOT = Path(__file__).parents[1]
in_venv = pytest.mark.skipif(Path(sys.prefix) != places.VENV, reason="ROS 2 is sourced, not from wheels")


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the ROS packages, all recorded as built; of the models, their list only."""
    shutil.copytree(ROOT / "interfaces", tmp_path / "interfaces")
    shutil.copytree(ROOT / "dreamitate_msgs", tmp_path / "dreamitate_msgs")
    no_weights = shutil.ignore_patterns("*.safetensors", "*.json")
    shutil.copytree(ROOT / "dreamitate_models", tmp_path / "dreamitate_models", ignore=no_weights)
    monkeypatch.setattr(stamps, "STAMPS", tmp_path / "setup.json")
    monkeypatch.setattr(ros_packages, "ROOT", tmp_path)
    monkeypatch.setattr(ros_packages, "ROS", tmp_path / "ros")
    monkeypatch.setattr(ros_packages, "ros_key", lambda: "wheels")
    monkeypatch.setattr(ros_packages, "interfaces_in_wheels", set)
    monkeypatch.setattr(ros_packages, "_colcon", lambda sources: None)
    ros_packages.build()
    return tmp_path


def test_nothing_to_build_twice(clone: Path) -> None:
    assert ros_packages.changed() == []


def test_first_build_is_everything(clone: Path) -> None:
    stamps.STAMPS.unlink()
    assert {source.name for source in ros_packages.changed()} == {
        "dreamitate_msgs",
        "dreamitate_models",
        "control_msgs",
        "tf2_msgs",
        "ur_dashboard_msgs",
        "ur_msgs",
    }


def test_changed_definition_rebuilds_its_package_only(clone: Path) -> None:
    definition = clone / "interfaces" / "ur_dashboard_msgs" / "msg" / "RobotMode.msg"
    definition.write_text(definition.read_text() + "int8 more\n")
    assert [source.name for source in ros_packages.changed()] == ["ur_dashboard_msgs"]


def test_other_wheels_rebuild_all(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ros_packages, "ros_key", lambda: "newer wheels")
    assert len(ros_packages.changed()) == 6


def test_what_the_wheels_have_is_not_built(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stamps.STAMPS.unlink()
    monkeypatch.setattr(ros_packages, "interfaces_in_wheels", lambda: {"tf2_msgs", "std_msgs"})
    assert "tf2_msgs" not in {source.name for source in ros_packages.changed()}


def test_failed_build_is_tried_again(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(sources: list[Path]) -> None:
        raise SetUpError("no")

    (clone / "dreamitate_msgs" / "msg" / "New.msg").write_text("bool new\n")
    monkeypatch.setattr(ros_packages, "_colcon", failing)
    with pytest.raises(SetUpError):
        ros_packages.build()
    assert [source.name for source in ros_packages.changed()] == ["dreamitate_msgs"]


def test_removed_definition_leaves_nothing_behind(clone: Path) -> None:
    kept, cleared = (clone / "ros" / "install" / name for name in ("tf2_msgs", "ur_msgs"))
    for folder in (kept, cleared):
        folder.mkdir(parents=True)
    (clone / "interfaces" / "ur_msgs" / "srv" / "SetSpeedSliderFraction.srv").unlink()
    ros_packages.build()
    assert kept.exists()
    assert not cleared.exists()


def test_damaged_stamps_mean_nothing_is_done(clone: Path) -> None:
    stamps.STAMPS.write_text("{not json")
    assert len(ros_packages.changed()) == 6


def test_exports_point_at_this_python() -> None:
    export = (
        'INTERFACE_INCLUDE_DIRECTORIES "/opt/python/cp311/include/python3.11;'
        '/opt/python/cp311/lib/python3.11/site-packages/numpy/_core/include"\n'
        'INTERFACE_LINK_LIBRARIES "/usr/lib64/libtinyxml2.so"'
    )
    assert packages.with_includes(export, "/here/include/python3.12", "/here/numpy/_core/include") == (
        'INTERFACE_INCLUDE_DIRECTORIES "/here/include/python3.12;/here/numpy/_core/include"\n'
        'INTERFACE_LINK_LIBRARIES "/usr/lib64/libtinyxml2.so"'
    )


@in_venv
def test_installed_exports_name_directories_that_exist() -> None:
    exports = list((places.VENV / "share").glob("*/cmake/*rosidl_generator_pyExport.cmake"))
    assert exports
    for export in exports:
        for directories in re.findall(r'INTERFACE_INCLUDE_DIRECTORIES "([^"]+)"', export.read_text()):
            absolute = [folder for folder in directories.split(";") if folder.startswith("/")]
            assert all(Path(folder).is_dir() for folder in absolute), export


def test_every_requirement_is_pinned() -> None:
    files = [*ROOT.glob("requirements*.txt"), ROOT / "constraints.txt"]
    assert len(files) == 4
    lines = [line for file in files for line in file.read_text().splitlines() if line and line[0] not in "#-"]
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9_.\[\]-]+==[A-Za-z0-9.]+", line)] == []


def test_failing_command_shows_its_last_words(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SetUpError, match="it went wrong"):
        running.run([sys.executable, "-c", "print('the reason'); raise SystemExit(3)"], "it went wrong")
    assert "the reason" in capfd.readouterr().err


def test_no_foreign_ros_in_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/opt/ros/jazzy/lib/python3.12/site-packages")
    monkeypatch.setenv("AMENT_PREFIX_PATH", "/opt/ros/jazzy")
    code = "import sys; sys.exit(any('/opt/ros' in entry for entry in sys.path))"
    running.run([sys.executable, "-c", code], "a sourced ROS leaked in")


@in_venv
def test_second_set_up_says_and_does_nothing() -> None:
    command = [sys.executable, str(ROOT / "tools" / "bootstrap.py")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_interrupted_set_up_says_that_the_next_continues(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(requirements: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(setup, "set_up", interrupted)
    assert setup.main([]) == 130
    assert "the next run continues" in capsys.readouterr().err

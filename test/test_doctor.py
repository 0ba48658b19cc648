"""The doctor on this machine, and on one where something is missing."""

from pathlib import Path

import pytest

from dreamitate_ros import doctor
from dreamitate_ros.doctor import Check


def test_finds_this_machine_complete(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor.main([]) == 0
    report = capsys.readouterr().out
    assert "rmw_fastrtps_cpp" in report
    assert report.endswith("nothing is missing\n")


def test_rendering_without_a_driver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("__EGL_VENDOR_LIBRARY_DIRS", str(tmp_path))
    check = doctor.check_rendering()
    assert not check.ok
    assert "libegl1" in check.fix


def test_missing_interface(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "INTERFACES", ("std_msgs.msg.Header", "no_such_msgs.msg.Nothing"))
    check = doctor.check_interfaces()
    assert not check.ok
    assert "no_such_msgs" in check.found
    assert "make setup" in check.fix


def test_another_middleware(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RMW_IMPLEMENTATION", "rmw_cyclonedds_cpp")
    assert "RMW_IMPLEMENTATION" in doctor.check_middleware().fix


def test_profile_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FASTRTPS_DEFAULT_PROFILES_FILE", str(tmp_path / "none.xml"))
    check = doctor.check_middleware()
    assert not check.ok
    assert "does not exist" in check.found


def test_small_shared_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "SHARED_MEMORY_MB", 1e12)
    assert "--shm-size" in doctor.check_shared_memory().fix


def test_no_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor.check_compiler() == Check("C++ compiler", False, "none", "apt install g++")


def test_probe_survives_a_crash() -> None:
    ok, found = doctor._probe("import os; os.abort()")
    assert not ok
    assert "-6" in found


def test_missing_things_fail_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checks = [Check("Python", True, "3.11"), Check("rendering", False, "no EGL", "apt install libegl1")]
    monkeypatch.setattr(doctor, "examine", lambda: checks)
    assert doctor.main([]) == 1
    report = capsys.readouterr().out.splitlines()
    assert report[1].startswith("MISSING")
    assert report[2].strip() == "-> apt install libegl1"
    assert report[-1] == "missing: rendering"

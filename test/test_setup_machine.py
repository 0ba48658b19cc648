"""What a machine lacks is said in one sentence, with its cure, before anything is installed."""

import ctypes
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from installer import machine, setup
from installer.errors import SetUpError

TOOLS = Path(__file__).parents[1] / "tools"


def test_this_machine_has_everything() -> None:
    machine.check(needed_gb=0.01)


def test_no_compiler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetUpError, match=r"cc and c\+\+ not on PATH.*apt install g\+\+"):
        machine.check_compiler()


@pytest.mark.parametrize(
    ("installed", "missing"), [(set(), "libEGL.so.1"), ({"libEGL.so.1"}, "libOpenGL.so.0")]
)
def test_no_rendering_library(installed: set[str], missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> None:
        if name not in installed:
            raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", load)
    with pytest.raises(SetUpError, match=f"{missing}; apt install libegl1 libopengl0 libgl1-mesa-dri"):
        machine.check_rendering()


def test_either_library_has_the_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> None:
        if name not in {"libEGL.so.1", "libGL.so.1"}:
            raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", load)
    machine.check_rendering()


def test_no_ensurepip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SetUpError, match=r"apt install python3\.1\d-venv"):
        machine.check_python()


def test_no_python_header(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    with pytest.raises(SetUpError, match=r"Python\.h.*apt install python3\.1\d-dev"):
        machine.check_python()


def test_full_disk() -> None:
    with pytest.raises(SetUpError, match=r"GB free at .*, the set-up needs 1000000000\.0 GB"):
        machine.check_disk(needed_gb=1e9)


def test_path_with_a_space(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "ROOT", Path("/home/someone/my clone"))
    with pytest.raises(SetUpError, match="without spaces"):
        machine.check_system()


def test_a_lack_is_one_line_and_exit_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lacking(requirements: str) -> None:
        raise SetUpError("no compiler; apt install g++")

    monkeypatch.setattr(setup, "set_up", lacking)
    assert setup.main([]) == 1
    assert capsys.readouterr().err == "set-up: no compiler; apt install g++\n"


def test_unsupported_python_is_one_line_and_exit_1() -> None:
    code = "import bootstrap; bootstrap.SUPPORTED = ((9, 8), (9, 9)); bootstrap.main()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=TOOLS, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("set-up: Python 3.")
    assert done.stderr.count("\n") == 1
    assert "is not supported; install Python 3.11, 3.12 or 3.13" in done.stderr

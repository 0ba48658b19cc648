"""Whoever moves the arms is known by process and machine, and its death is seen at once."""

import subprocess
import sys
import time

import pytest

from dreamitate_ros.nodes.mover import Mover, this_process


@pytest.fixture
def process():
    process = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def told_of(process: subprocess.Popen) -> str:
    machine, _, _ = this_process().partition(" ")
    return f"{machine} {process.pid}"


def test_a_living_process_is_not_dead_and_a_killed_one_is(process: subprocess.Popen) -> None:
    mover = Mover(told_of(process))
    assert not mover.is_dead
    process.kill()  # not waited for: nobody has buried it yet
    deadline_s = time.monotonic() + 5.0
    while not mover.is_dead and time.monotonic() < deadline_s:
        time.sleep(0.001)
    assert mover.is_dead
    mover.close()


@pytest.mark.parametrize("told", ["elsewhere/1 1", "nonsense", ""])
def test_of_another_machines_process_nobody_can_know(told: str) -> None:
    mover = Mover(told)
    assert not mover.is_dead
    mover.close()


def test_one_that_was_gone_before_is_left_to_its_silence(process: subprocess.Popen) -> None:
    told = told_of(process)
    process.kill()
    process.wait()
    assert not Mover(told).is_dead

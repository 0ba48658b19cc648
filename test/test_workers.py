"""Jobs in processes: answers, errors and deaths are told apart, and nothing is left behind."""

import os
import signal
import subprocess
import sys
import time

import pytest

from dreamitate_ros.errors import Cancelled
from dreamitate_ros.workers import in_processes


def go_on() -> bool:
    return False


def work(job: int) -> int:
    if job == 1:
        raise ValueError("one is too few")
    if job == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return 10 * job


def test_every_job_ends_in_an_answer_or_a_reason() -> None:
    finished = {each.job: each for each in in_processes(work, range(5), 2, go_on)}
    assert {job: each.result for job, each in finished.items()} == {0: 0, 1: None, 2: None, 3: 30, 4: 40}
    assert finished[1].crash == "ValueError: one is too few"
    assert finished[2].crash == f"its process was ended by signal {int(signal.SIGKILL)}"
    assert finished[0].crash == ""


def sleep(job: int) -> int:
    time.sleep(job)
    return os.getpid()


def test_who_stops_listening_ends_the_work() -> None:
    jobs = in_processes(sleep, [0, 60], 2, go_on)
    next(jobs)
    started_s = time.monotonic()
    jobs.close()
    assert time.monotonic() - started_s < 30


def test_it_stops_when_asked() -> None:
    with pytest.raises(Cancelled):
        list(in_processes(sleep, [60], 1, lambda: True))


def test_at_most_so_many_work_at_once(tmp_path: object) -> None:
    started: list[int] = []

    def jobs() -> object:
        for job in range(4):
            started.append(job)
            yield job

    results = in_processes(work_quickly, jobs(), 1, go_on)
    next(results)
    assert started == [0]
    assert len(list(results)) == 3


def work_quickly(job: int) -> int:
    return job + 1


def test_a_killed_parent_leaves_no_child() -> None:
    script = (
        "import time, os\n"
        "from dreamitate_ros.workers import in_processes\n"
        "def work(job):\n"
        "    print(os.getpid(), flush=True)\n"
        "    time.sleep(300)\n"
        "list(in_processes(work, [1], 1, lambda: False))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    deadline_s = time.monotonic() + 30
    while _alive(child):
        if time.monotonic() > deadline_s:
            os.kill(child, signal.SIGKILL)
            pytest.fail("the child outlived its parent")
        time.sleep(0.1)


def _alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:  # noqa: PTH123
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False

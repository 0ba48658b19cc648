"""Many independent jobs, a few processes at a time; a job whose process dies is told from one that fails."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from typing import Generic, TypeVar

from dreamitate_ros.errors import Cancelled
from dreamitate_ros.values import Stop

Job = TypeVar("Job")
Result = TypeVar("Result")

PARENT_POLL_S, STOP_POLL_S = 1.0, 0.2


@dataclass(frozen=True)
class Finished(Generic[Job, Result]):
    """result: None when the job's process died or raised; then `crash` says how."""

    job: Job
    result: Result | None
    crash: str
    wall_s: float


@dataclass(frozen=True)
class _Running(Generic[Job]):
    job: Job
    process: ForkProcess
    answer: Connection
    started_s: float


def in_processes(
    work: Callable[[Job], Result], jobs: Iterable[Job], workers: int, stop: Stop
) -> Iterator[Finished[Job, Result]]:
    """work(job) of all jobs, each in a process of its own, as they end.

    Raises Cancelled soon after stop() is true; then, or when the iterator is closed, those at work are killed.
    """
    waiting, running = iter(jobs), dict[Connection, _Running[Job]]()
    try:
        while True:
            while len(running) < workers and (job := next(waiting, None)) is not None:
                started = _start(work, job)
                running[started.answer] = started
            if not running:
                return
            if stop():
                raise Cancelled("the work")
            for answer in multiprocessing.connection.wait(list(running), STOP_POLL_S):
                assert isinstance(answer, Connection)
                finished: Finished[Job, Result] = _finish(running.pop(answer))
                if finished.crash and stop():  # a signal to the whole group ends the processes too
                    raise Cancelled("the work")
                yield finished
    finally:
        for left in running.values():
            left.process.kill()
            left.process.join()


def _start(work: Callable[[Job], Result], job: Job) -> _Running[Job]:
    context = multiprocessing.get_context("fork")
    answer, told = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(work, job, told), daemon=True)
    process.start()
    told.close()
    return _Running(job, process, answer, time.monotonic())


def _run(work: Callable[[Job], Result], job: Job, told: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which ends its children
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    try:
        told.send((work(job), ""))
    except Exception as error:
        told.send((None, f"{type(error).__name__}: {error}"))


def _end_with(parent: int) -> None:
    """A killed parent leaves nobody working."""
    while os.getppid() == parent:
        time.sleep(PARENT_POLL_S)
    os._exit(1)


def _finish(running: _Running[Job]) -> Finished[Job, Result]:
    try:
        result, crash = running.answer.recv()
    except EOFError:
        result, crash = None, ""
    running.process.join()
    running.answer.close()
    code = running.process.exitcode
    if result is None and not crash:
        crash = (
            f"its process was ended by signal {-code}"
            if code and code < 0
            else f"its process ended with {code}"
        )
    return Finished(running.job, result, crash, time.monotonic() - running.started_s)

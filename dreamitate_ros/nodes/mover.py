"""Who moves the arms, in words that go over the network; on its own computer its death shows at once."""

import os
import select
from pathlib import Path

BOOT_ID, NAMESPACE = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")


def this_process() -> str:
    """MACHINE PID: a computer since it was started (and a container on it), and the process there."""
    return f"{_machine()} {os.getpid()}"


class Mover:
    """Watches the process that `told`, as this_process() said it, names; close() when it need not be watched."""

    def __init__(self, told: str) -> None:
        self.told = told
        self._process = _open(told)

    @property
    def is_dead(self) -> bool:
        """Whether it has surely ended; False too where nobody here can know."""
        return self._process is not None and bool(select.select([self._process], [], [], 0)[0])

    def close(self) -> None:
        """Watch no more."""
        if self._process is not None:
            os.close(self._process)


def _machine() -> str:
    return f"{BOOT_ID.read_text().strip()}/{NAMESPACE.stat().st_ino}"


def _open(told: str) -> int | None:
    """A descriptor that can be read when the process is dead; None where it runs elsewhere, or is gone already."""
    machine, _, process = told.partition(" ")
    if machine != _machine() or not process.isdigit():
        return None
    try:
        return os.pidfd_open(int(process))
    except OSError:
        return None

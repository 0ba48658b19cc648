"""Keeps the cell's physics in step with the wall clock, in a thread of its own, and measures where it cannot."""

import contextlib
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dreamitate_ros.execute.ur5e import joint_names
from dreamitate_ros.simulate.cell import Cell
from dreamitate_ros.simulate.controller import JointGoal, Motion, TrajectoryController
from dreamitate_ros.values import Array

BEHIND_S = (
    1.0  # up to this far behind the wall clock physics catches up; more is given up and counted as lost
)
CYCLE_S = 0.005  # the controllers' period
CYCLES = 2
SLICE_S = CYCLES * CYCLE_S  # simulated between two looks at the clock
YIELD_S = 0.0005  # for those who wait for the lock, which late physics would take again at once


@dataclass(frozen=True)
class Pace:
    """real_time_factor: simulated over wall time of late. lost_s: wall time given up since the start.
    load: 0..1, the share of the time that physics computes."""

    real_time_factor: float
    lost_s: float
    load: float


class CellRunner:
    """The cell, alive. Every method may be called from any thread.

    now_s: where its clock starts, the system's time by default. rate: simulated seconds per wall second.
    tick: called by a thread of its own after every SLICE_S of physics; where it is slower than that, it misses some,
    and physics goes on.
    """

    def __init__(
        self,
        cell: Cell,
        rate: float = 1.0,
        tick: Callable[[], None] | None = None,
        now_s: float | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.cell = cell
        self.speed = dict.fromkeys(cell.arms, 1.0)
        self.protective_stop = False
        self.rate = rate
        self._tick = tick or (lambda: None)
        self._advanced = threading.Event()
        self._now_s = time.time() if now_s is None else now_s
        self._controllers = self._new_controllers()
        self._running = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name="physics", daemon=True),
            threading.Thread(target=self._tell, name="tick", daemon=True),
        ]
        self._lost_s = 0.0
        self._owed_s = 0.0
        self._pace = Pace(1.0, 0.0, 0.0)

    @property
    def now_s(self) -> float:
        """The cell's clock: starts as the system's, and stays with it as long as physics is in time.

        Late physics makes it late as long as an arm moves, since a motion is judged by its times; then it catches up.
        """
        return self._now_s

    @property
    def pace(self) -> Pace:
        """How well physics keeps up."""
        return self._pace

    def start(self) -> None:
        """Let time pass."""
        self._running.set()
        for thread in self._threads:
            thread.start()

    def shut_down(self) -> None:
        """Stop time; returns when its threads have ended."""
        self._running.clear()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=2.0)

    def reset(self, seed: int) -> None:
        """Another scene: motions end, arms at home, no protective stop."""
        with self.lock:
            for controller in self._controllers.values():
                controller.stop("the cell was reset")
            self.cell.reset(seed)
            self._controllers = self._new_controllers()
            self.protective_stop = False

    def accept(self, arm: str, goal: JointGoal) -> Motion:
        """Start on a goal; raises Rejected."""
        with self.lock:
            return self._controllers[arm].accept(goal, self._now_s, self.cell.joints(arm)[0])

    def stop(self, arm: str, motion: Motion, message: str) -> None:
        """Hold the arm where it is, unless it is on another motion by now."""
        with self.lock:
            if self._controllers[arm].motion is motion:
                self._controllers[arm].stop(message)

    def pose(self) -> tuple[object, Array]:
        """The model, and all positions (nq,) to draw it in."""
        with self.lock:
            return self.cell.model, self.cell.data.qpos.copy()

    def _new_controllers(self) -> dict[str, TrajectoryController]:
        return {
            arm: TrajectoryController(joint_names(arm), self.cell.joints(arm)[0]) for arm in self.cell.arms
        }

    def _run(self) -> None:
        _ask_for_priority()
        started_s, simulated_s, busy_s = time.monotonic(), 0.0, 0.0
        window_s, window_simulated_s = started_s, 0.0
        while self._running.is_set():
            wall_s = time.monotonic()
            behind_s = (wall_s - started_s) * self.rate - simulated_s
            if behind_s > BEHIND_S * max(1.0, self.rate):
                self._give_up(behind_s)
                simulated_s += behind_s
                window_simulated_s -= behind_s
                continue
            if behind_s < SLICE_S:
                time.sleep((SLICE_S - behind_s) / self.rate)
                continue
            self.advance()
            time.sleep(YIELD_S)
            simulated_s += SLICE_S
            busy_s += time.monotonic() - wall_s
            passed_s = time.monotonic() - window_s
            if passed_s > 2.0:
                factor = (simulated_s + window_simulated_s) / passed_s
                self._pace = Pace(factor, self._lost_s, min(1.0, busy_s / passed_s))
                window_s, window_simulated_s, busy_s = time.monotonic(), -simulated_s, 0.0

    def _give_up(self, behind_s: float) -> None:
        """The clock will jump over what could not be simulated; motions do not."""
        self._lost_s += behind_s
        self._owed_s += behind_s

    def advance(self) -> None:
        """One slice of SLICE_S; for whoever has not started the wall's clock with start()."""
        with self.lock:
            if all(controller.motion is None for controller in self._controllers.values()):
                self._now_s += self._owed_s
                self._owed_s = 0.0
            for _ in range(CYCLES):
                self._now_s += CYCLE_S
                for arm, controller in self._controllers.items():
                    speed = 0.0 if self.protective_stop else self.speed[arm]
                    position, velocity = controller.update(
                        self._now_s, CYCLE_S, speed, self.cell.joints(arm)[0]
                    )
                    self.cell.command(arm, position, np.asarray(velocity))
                self.cell.step(round(CYCLE_S / self.cell.timestep_s))
        self._advanced.set()

    def _tell(self) -> None:
        while self._running.is_set():
            if self._advanced.wait(timeout=0.1):
                self._advanced.clear()
                self._tick()


def _ask_for_priority() -> None:
    """As ros2_control does: before everything else where the user may, otherwise as everybody."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -10)

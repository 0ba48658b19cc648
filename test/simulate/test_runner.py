"""Physics that cannot keep up: what was lost is told, and no motion is judged by a time that it did not have."""

import time

import numpy as np

from dreamitate_ros.simulate.controller import JointGoal
from dreamitate_ros.simulate.runner import BEHIND_S, CellRunner


class SlowCell:
    """One arm that is always where it was sent to, and a physics step that once takes far too long."""

    arms = ("left",)
    timestep_s = 0.005

    def __init__(self) -> None:
        self.sent = np.zeros(6)
        self._stalled = False

    def joints(self, arm: str) -> tuple[np.ndarray, np.ndarray]:
        return self.sent, np.zeros(6)

    def command(self, arm: str, position: np.ndarray, velocity: np.ndarray) -> None:
        self.sent = position.copy()

    def step(self, steps: int) -> None:
        if self.sent[0] > 0.05 and not self._stalled:
            self._stalled = True
            time.sleep(BEHIND_S + 0.3)


def test_a_stall_makes_the_clock_late_until_the_motion_ends() -> None:
    seen: list[tuple[float, float]] = []
    cell = SlowCell()
    runner = CellRunner(cell, tick=lambda: seen.append((runner.now_s, cell.sent[0])), now_s=0.0)  # type: ignore[arg-type]
    names = [f"left_{joint}" for joint in (
        "shoulder_pan_joint", "shoulder_lift_joint", "elbow_joint", "wrist_1_joint", "wrist_2_joint", "wrist_3_joint",
    )]  # fmt: skip
    points = np.array([[0.0] * 6, [0.1] + [0.0] * 5])
    motion = runner.accept("left", JointGoal(names, np.array([0.0, 0.4]), points, start_s=0.1))
    runner.start()
    deadline_s = time.monotonic() + 30.0
    while (motion.outcome is None or runner.now_s < BEHIND_S) and time.monotonic() < deadline_s:
        time.sleep(0.01)
    runner.shut_down()
    assert motion.outcome == 0
    steps_s = np.diff([now_s for now_s, _ in seen])
    moving = [(now_s, place) for now_s, place in seen if 0.0 < place < 0.1]
    assert moving
    for now_s, place in moving:
        np.testing.assert_allclose(place, np.interp(now_s, [0.1, 0.5], [0.0, 0.1]), atol=0.004)
    assert steps_s.max() > BEHIND_S  # afterwards

"""The whole chain in the simulated cell: cancelled at every stage, then acted out to the end."""

import json
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import rclpy
from action_msgs.msg import GoalStatus
from rclpy.executors import SingleThreadedExecutor

from dreamitate_msgs.action import RunPolicy
from dreamitate_msgs.msg import SceneTruth
from dreamitate_ros.errors import ErrorCode
from dreamitate_ros.nodes.action_client import ActionClient
from dreamitate_ros.nodes.bringup import Bringup, Settings
from dreamitate_ros.nodes.messages import pose_array

PATIENCE_S = 200.0
FIRST_WORD = {"generate": "oracle", "track": "", "execute": "following"}
RECORDED = (
    "top.png",
    "imagined.mp4",
    "overlay.mp4",
    "tracks.json",
    "planned.npz",
    "executed.npz",
    "result.json",
)


class Cell:
    """A running graph, and the truth of its scene."""

    def __init__(self):
        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self.node = rclpy.create_node("watcher", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        threading.Thread(target=self._executor.spin, daemon=True).start()
        self.policy = ActionClient(self.node, RunPolicy, "run_policy")
        self.truth = None
        self.heard = []
        self.node.create_subscription(SceneTruth, "simulated_cell/truth", self._take, 1)

    def _take(self, message):
        self.truth = message

    def send(self):
        wait_for(self.policy.server_is_ready, "the policy")
        self.heard = []
        return answer(
            self.policy.send_goal_async(
                RunPolicy.Goal(task="rotate", seed=1), lambda message: self.heard.append(message.feedback)
            )
        )

    def tools(self):
        return np.stack([pose_array(pose)[:3, 3] for pose in self.truth.tools])

    def close(self):
        self._executor.shutdown()
        self.node.destroy_node()
        self._context.try_shutdown()


def wait_for(condition, what):
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, f"waited for {what}"
        time.sleep(0.01)


def answer(future):
    wait_for(future.done, "an answer")
    return future.result()


@pytest.fixture(scope="module")
def cell(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cell")
    settings = Settings(simulation=True, seed=5, require_approval=False, episodes=str(folder / "episodes"))
    with Bringup(settings, folder / "logs") as bringup:
        cell = Cell()
        yield cell
        cell.close()
        assert not bringup.ended()


@pytest.mark.timeout(400)
@pytest.mark.parametrize("stage", FIRST_WORD)
def test_cancel(cell, stage):
    handle = cell.send()
    wait_for(
        lambda: any(said.stage == stage and FIRST_WORD[stage] in said.message for said in cell.heard), stage
    )
    answer(handle.cancel_goal_async())
    cancelled_s = time.monotonic()
    ended = answer(handle.get_result_async())
    print(f"cancelled in {stage}: ended after {time.monotonic() - cancelled_s:.2f} s")
    assert ended.status == GoalStatus.STATUS_CANCELED
    assert ended.result.error_code == ErrorCode.CANCELLED
    outcome = json.loads((Path(ended.result.episode_folder) / "result.json").read_text())
    assert outcome["error"] == "CANCELLED"
    wait_for(lambda: cell.truth is not None, "the truth")
    time.sleep(0.5)
    before = cell.tools()
    time.sleep(1.0)
    assert np.abs(cell.tools() - before).max() < 1e-3


@pytest.mark.timeout(400)
def test_the_arms_act_out_the_imagined_video(cell):
    ended = answer(cell.send().get_result_async())
    assert ended.result.error_code == 0, ended.result.error_msg
    assert ended.status == GoalStatus.STATUS_SUCCEEDED
    assert {"capture", "generate", "track", "plan", "execute"} <= {said.stage for said in cell.heard}
    for name in RECORDED:
        assert (Path(ended.result.episode_folder) / name).stat().st_size > 0

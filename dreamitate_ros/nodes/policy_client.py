"""The policy's client: resets the simulated cell, sends a goal, follows it, and reads the ground truth."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

import rclpy
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions

from dreamitate_msgs.action import GenerateVideo, RunPolicy
from dreamitate_msgs.msg import SceneTruth
from dreamitate_msgs.srv import ResetScene
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.nodes.action_client import ActionClient
from dreamitate_ros.nodes.bringup import Bringup
from dreamitate_ros.nodes.services import POLL_S, await_future, call

START_TIMEOUT_S = 180.0  # a node that dies is told at once; a loaded machine only takes long
ANSWER_TIMEOUT_S = 30.0
CANCEL_TIMEOUT_S = 10.0

Follow = Callable[[str, float, str], None]
"""Called with a stage, the fraction of it done, and what is being done."""


class PolicyClient:
    """Talks to the graph of `bringup` for as long as the `with` block lasts."""

    def __init__(self, bringup: Bringup) -> None:
        self._bringup = bringup
        self._truth: SceneTruth | None = None

    def __enter__(self) -> "PolicyClient":
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        self._node = rclpy.create_node("policy_client")
        self._policy = ActionClient(self._node, RunPolicy, "run_policy")
        self._imagination = ActionClient(self._node, GenerateVideo, "generate_video")
        self._reset = self._node.create_client(ResetScene, "simulated_cell/reset_scene")
        self._node.create_subscription(SceneTruth, "simulated_cell/truth", self._take_truth, 10)
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self._node)
        self._spinning = threading.Thread(target=self._spin, name="spin", daemon=True)
        self._spinning.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._executor.shutdown(timeout_sec=2.0)
        self._spinning.join(2.0)
        self._node.destroy_node()
        rclpy.try_shutdown()

    def wait_for_graph(self) -> None:
        """Return when policy and cell answer and a model is loaded, which the policy would not wait for so long.

        Raises STAGE_UNAVAILABLE with the words of a node that died.
        """
        deadline_s = time.monotonic() + START_TIMEOUT_S
        servers = (self._policy, self._imagination)
        while not (
            all(server.server_is_ready() for server in servers)
            and self._reset.service_is_ready()
            and self._truth
        ):
            self._require_alive()
            if time.monotonic() > deadline_s:
                raise DreamitateError(
                    ErrorCode.STAGE_UNAVAILABLE, f"the graph did not come up within {START_TIMEOUT_S:g} s"
                )
            time.sleep(POLL_S)

    def reset(self, seed: int) -> None:
        """Put the scene of `seed` on the table; returns when the ground truth shows it."""
        request = ResetScene.Request(seed=seed)
        response = call(self._reset, request, ANSWER_TIMEOUT_S, lambda: False, "the simulated cell")
        if not response.success:
            raise DreamitateError(ErrorCode.INVALID_PARAMETER, response.message)
        self._truth = None
        deadline_s = time.monotonic() + ANSWER_TIMEOUT_S
        while self._truth is None or self._truth.seed != seed:
            if time.monotonic() > deadline_s:
                raise DreamitateError(ErrorCode.STAGE_UNAVAILABLE, "the simulated cell publishes no truth")
            time.sleep(POLL_S)

    def truth(self) -> SceneTruth:
        """The ground truth now."""
        self._truth = None
        deadline_s = time.monotonic() + ANSWER_TIMEOUT_S
        while self._truth is None:
            if time.monotonic() > deadline_s:
                raise DreamitateError(ErrorCode.STAGE_UNAVAILABLE, "the simulated cell publishes no truth")
            time.sleep(POLL_S)
        return self._truth

    def run(self, goal: RunPolicy.Goal, follow: Follow) -> RunPolicy.Result:
        """The result of a goal. Ctrl-C cancels it, waits until the arms are still, and is raised again."""

        def take(message: RunPolicy.Impl.FeedbackMessage) -> None:
            follow(message.feedback.stage, message.feedback.progress, message.feedback.message)

        future = self._policy.send_goal_async(goal, feedback_callback=take)
        handle = await_future(future, ANSWER_TIMEOUT_S, lambda: False, "the node policy")
        result = handle.get_result_async()
        try:
            while not result.done():
                self._require_alive()
                time.sleep(POLL_S)
        except KeyboardInterrupt:
            handle.cancel_goal_async()
            with suppress(
                DreamitateError
            ):  # the interrupt is what counts; ending the graph stops the arms too
                await_future(result, CANCEL_TIMEOUT_S, lambda: False, "the node policy")
            raise
        return result.result().result

    def _require_alive(self) -> None:
        for name, words in self._bringup.ended().items():
            raise DreamitateError(ErrorCode.STAGE_UNAVAILABLE, f"the node {name} ended: {words}")

    def _take_truth(self, message: SceneTruth) -> None:
        self._truth = message

    def _spin(self) -> None:
        try:
            self._executor.spin()
        except ExternalShutdownException:
            return

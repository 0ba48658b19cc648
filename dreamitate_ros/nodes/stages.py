"""The four stages as the policy calls them: send, follow, cancel, and pass errors through with their codes."""

import time
from collections.abc import Callable
from typing import Any

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node

from dreamitate_msgs.action import ExecuteToolTrajectory, GenerateVideo, TrackTools
from dreamitate_msgs.srv import CaptureStereo
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.nodes.action_client import ActionClient
from dreamitate_ros.nodes.services import POLL_S, await_future, await_server, call
from dreamitate_ros.values import Progress, Stop

START_TIMEOUT_S = 10.0  # for a stage's node to be found and to take the goal
CANCEL_TIMEOUT_S = 5.0  # for a cancelled stage to come to rest
CAPTURE_TIMEOUT_S = 130.0


class StageFailed(DreamitateError):
    """A stage's own error, and whatever its result holds besides."""

    def __init__(self, code: ErrorCode, message: str, result: Any) -> None:
        super().__init__(code, message)
        self.result = result


class Stages:
    """Clients of the four stages. Every call blocks, reports progress, and raises DreamitateError."""

    def __init__(self, node: Node) -> None:
        group = ReentrantCallbackGroup()
        self._capture = node.create_client(CaptureStereo, "capture_stereo", callback_group=group)
        self._generate, self._track, self._execute = (
            ActionClient(node, action, name, callback_group=group)
            for action, name in (
                (GenerateVideo, "generate_video"),
                (TrackTools, "track_tools"),
                (ExecuteToolTrajectory, "execute_tool_trajectory"),
            )
        )

    def capture(self, photo_directory: str, stop: Stop) -> Any:
        """The StereoPair message of the scene, or of the photos stored in photo_directory."""
        request = CaptureStereo.Request(photo_directory=photo_directory)
        await_server(self._capture, START_TIMEOUT_S, stop, "the node stereo_capture")
        response = call(self._capture, request, CAPTURE_TIMEOUT_S, stop, "the node stereo_capture")
        _require_success(response)
        return response.photos

    def generate(self, goal: GenerateVideo.Goal, progress: Progress, stop: Stop) -> GenerateVideo.Result:
        """The imagined video."""
        return self._run(self._generate, goal, "video_generator", progress, stop)

    def track(self, goal: TrackTools.Goal, progress: Progress, stop: Stop) -> TrackTools.Result:
        """The tools' paths."""
        return self._run(self._track, goal, "tool_tracker", progress, stop)

    def execute(
        self, goal: ExecuteToolTrajectory.Goal, progress: Progress, stop: Stop
    ) -> ExecuteToolTrajectory.Result:
        """The plan, or with plan_only false the motion."""
        return self._run(self._execute, goal, "trajectory_executor", progress, stop)

    def _run(self, client: ActionClient, goal: Any, name: str, progress: Progress, stop: Stop) -> Any:
        whom = f"the node {name}"
        await_server(client, START_TIMEOUT_S, stop, whom)

        def take(message: Any) -> None:
            progress(message.feedback.progress, message.feedback.stage)

        handle = await_future(
            client.send_goal_async(goal, feedback_callback=take), START_TIMEOUT_S, lambda: False, whom
        )
        result = _follow(handle, client.server_is_ready, whom, stop)
        _require_success(result)
        return result


def _follow(handle: Any, alive: Callable[[], bool], whom: str, stop: Stop) -> Any:
    """Wait for the result; when asked to stop, cancel the goal and wait until the stage has come to rest."""
    future, cancelled_s = handle.get_result_async(), None
    while not future.done():
        time.sleep(POLL_S)
        if cancelled_s is None and stop():
            handle.cancel_goal_async()
            cancelled_s = time.monotonic()
        if cancelled_s is not None and time.monotonic() - cancelled_s > CANCEL_TIMEOUT_S:
            raise DreamitateError(
                ErrorCode.STAGE_UNAVAILABLE,
                f"{whom} did not stop within {CANCEL_TIMEOUT_S:g} s of the cancel",
            )
        if not alive():
            raise DreamitateError(ErrorCode.STAGE_UNAVAILABLE, f"{whom} ended in the middle of its work")
    return future.result().result


def _require_success(result: Any) -> None:
    if result.error_code == ErrorCode.NONE:
        return
    known = {int(code) for code in ErrorCode}
    code = ErrorCode(result.error_code) if result.error_code in known else ErrorCode.UNKNOWN
    raise StageFailed(code, result.error_msg, result)

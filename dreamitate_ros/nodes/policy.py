"""Action run_policy: photograph, imagine, track, preview, act; one goal, four stages, one episode folder."""

import sys
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import String

from dreamitate_msgs.action import ExecuteToolTrajectory, RunPolicy
from dreamitate_msgs.msg import StereoPair
from dreamitate_ros.dreams.choose import choose
from dreamitate_ros.episode import DEFAULT_ROOT, Episode
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.remedy import path_changes
from dreamitate_ros.nodes import messages, parameters
from dreamitate_ros.nodes.approval import Approval
from dreamitate_ros.nodes.dreamer import GraphDreamer
from dreamitate_ros.nodes.goals import Feedback, GoalFailed, GoalServer
from dreamitate_ros.nodes.lifetime import run_node
from dreamitate_ros.nodes.recording import FPS, Recording
from dreamitate_ros.nodes.stages import StageFailed, Stages
from dreamitate_ros.rig import load_rig
from dreamitate_ros.task import Task, load_task, with_samples
from dreamitate_ros.tool import load_tools
from dreamitate_ros.values import Progress, Stop

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
REPORT_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Run:
    """What one goal's stages share. recorder: one thread that writes videos while the next stage works."""

    goal: RunPolicy.Goal
    result: RunPolicy.Result
    episode: Episode
    feedback: Feedback
    stop: Stop
    recorder: ThreadPoolExecutor


class Policy(Node):
    """Composes the four stages and nothing else."""

    def __init__(self) -> None:
        super().__init__("policy")
        self._config = parameters.config(self)
        self._root = parameters.text(self, "episodes", str(DEFAULT_ROOT), "folder for the episode folders")
        self._record_topic = parameters.text(
            self, "record_topic", "top/color/image_raw", "images for the episode's video of the arms"
        )
        self._tools = parameters.tool_directories(self)
        self._rig_path = parameters.rig_path(self)
        self._rig = load_rig(Path(self._rig_path))
        needed = parameters.flag(self, "require_approval", True, "wait for a person before the arms move")
        timeout_s = parameters.number(self, "approval_timeout_s", 300.0, "then nobody approved", 1, 86400)
        self._approval = Approval(self, timeout_s) if needed else None
        self._stages = Stages(self)
        self._state = self.create_publisher(String, "~/state", LATCHED)
        self._reporting: Episode | None = None
        self._goals = GoalServer(self, RunPolicy, "run_policy", self._run)
        self._say("idle")

    def close(self) -> None:
        """Stop the goal in work, wait for its stage to rest, and let its report be written."""
        deadline_s = time.monotonic() + REPORT_TIMEOUT_S
        self._goals.close(REPORT_TIMEOUT_S)
        if self._reporting is not None:
            self._reporting.wait_for_report(deadline_s - time.monotonic())

    def _run(self, goal: RunPolicy.Goal, feedback: Feedback, stop: Stop) -> RunPolicy.Result:
        facts = {
            "rig": self._rig_path,
            "seed": goal.seed,
            "samples": goal.samples,
            "replay_directory": goal.replay_directory,
        }
        episode = Episode.create(Path(self._root), goal.task, facts)
        result = RunPolicy.Result(episode_folder=str(episode.folder))
        recorder = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recorder")
        error = self._attempt(Run(goal, result, episode, feedback, stop, recorder))
        self._say("idle")
        # who cancels gets the answer at once, everybody else a complete folder
        recorder.shutdown(wait=error is None or error.code != ErrorCode.CANCELLED)
        episode.finish(error, before_report=recorder.shutdown)
        self._reporting = episode
        if error is not None:
            raise GoalFailed(error, result)
        return result

    def _attempt(self, run: Run) -> DreamitateError | None:
        """What kept the goal from its end, None when it got there."""
        try:
            self._act(run)
        except DreamitateError as error:
            return error
        except Exception as error:  # a fault of ours; the episode says so
            self.get_logger().error(traceback.format_exc())
            return DreamitateError(ErrorCode.UNKNOWN, f"the policy failed: {error!r}")
        return None

    def _act(self, run: Run) -> None:
        task = self._task(run.goal)  # an unknown one is told before a photo is taken
        photos = self._capture(run)
        dreamer = self._dreamer(run, task, photos)
        dream = choose(dreamer, run.goal.seed, task.samples, task.choice)
        run.result.path_changes = path_changes(plan.path for plan in dream.trajectories.values())
        self._approve(run)
        self._execute(run, dreamer.execution(dream.tracks, plan_only=False))

    def _task(self, goal: RunPolicy.Goal) -> Task:
        """With as many dreams as the goal wants; a stored clip is one."""
        task = load_task(goal.task, self._config)
        if goal.replay_directory:
            return with_samples(task, 1)
        return with_samples(task, goal.samples) if goal.samples else task

    def _capture(self, run: Run) -> StereoPair:
        with self._stage(run, "capture"):
            photos = self._stages.capture(run.goal.replay_directory, run.stop)
            run.episode.save_photos(messages.stereo_image(photos))
            return photos

    def _dreamer(self, run: Run, task: Task, photos: StereoPair) -> GraphDreamer:
        return GraphDreamer(
            task=task,
            rig=self._rig,
            tools=load_tools(task.arm_tools, self._config, self._tools),
            photos=photos,
            replay_directory=run.goal.replay_directory,
            watched=self._approval is not None,
            stages=self._stages,
            episode=run.episode,
            recorder=run.recorder,
            stage=partial(self._stage, run),
            progress=partial(self._progress, run),
            stop=run.stop,
        )

    def _approve(self, run: Run) -> None:
        if self._approval is None:
            return
        changes = f"{run.result.path_changes}; " if run.result.path_changes else ""
        with self._stage(run, "approve", f"{changes}waiting for policy/approve or policy/reject"):
            self._approval.wait(run.stop)

    def _execute(self, run: Run, goal: ExecuteToolTrajectory.Goal) -> None:
        recording = Recording(self, self._record_topic)
        progress = self._progress(run, "execute")
        moving = False

        def follow(fraction: float, what: str) -> None:
            nonlocal moving
            if not moving and not what.startswith("plan"):
                moving = True
                recording.begin()
                run.episode.event("motion_started")
            progress(fraction, what)

        try:
            with self._stage(run, "execute"):
                result = self._stages.execute(goal, follow, run.stop)
                _save_execution(run.episode, result)
        except StageFailed as failed:
            _save_execution(run.episode, failed.result)
            raise
        finally:
            frames = recording.stop()
            if frames is not None:
                run.recorder.submit(run.episode.save_execution_video, frames, FPS)

    @contextmanager
    def _stage(self, run: Run, name: str, message: str = "") -> Iterator[dict[str, float]]:
        """Tell everybody that a stage starts and ends; what is put into the yielded dict joins the last event."""
        self._say(name)
        run.feedback(stage=name, progress=0.0, message=message)
        run.episode.event("started", stage=name)
        facts: dict[str, float] = {}
        started_s = time.monotonic()
        try:
            yield facts
        except DreamitateError as error:
            run.episode.event("failed", stage=name, error=error.code.name, message=error.message, **facts)
            raise
        run.episode.event("finished", stage=name, duration_s=time.monotonic() - started_s, **facts)
        run.feedback(stage=name, progress=1.0, message="")

    def _progress(self, run: Run, stage: str) -> Progress:
        return lambda fraction, what: run.feedback(stage=stage, progress=float(fraction), message=what)

    def _say(self, state: str) -> None:
        self._state.publish(String(data=state))


def _save_execution(episode: Episode, result: ExecuteToolTrajectory.Result) -> None:
    if result.executed:
        arms = [plan.arm for plan in result.planned]
        episode.save_execution(messages.execution(result.executed, arms, result.path_errors))


def main() -> int:
    """Entry point of `ros2 run dreamitate_ros policy`."""
    return run_node(Policy)


if __name__ == "__main__":
    sys.exit(main())

"""Dreams through the graph: each stage up to the plan asked of its node, and its result kept in the episode."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

import numpy as np

from dreamitate_msgs.action import ExecuteToolTrajectory, GenerateVideo, TrackTools
from dreamitate_msgs.msg import StereoPair, StereoVideo
from dreamitate_ros.dreams.choose import Dream
from dreamitate_ros.dreams.judge import judge
from dreamitate_ros.dreams.record import DreamRecord
from dreamitate_ros.episode import Episode
from dreamitate_ros.nodes import messages
from dreamitate_ros.nodes.images import compressed_array
from dreamitate_ros.nodes.stages import StageFailed, Stages
from dreamitate_ros.rig import Rig
from dreamitate_ros.task import Task
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import ArmTrajectory, Progress, Stop, ToolTrack


@dataclass
class GraphDreamer:
    """A dreams.choose.Dreamer for one photo pair.

    watched: a person decides by what rviz shows. stage: by name, yields a dict for the facts of its last event.
    progress: of a stage, by its name. recorder: one thread that writes videos while the next stage works.
    """

    task: Task
    rig: Rig
    tools: Mapping[str, Tool]
    photos: StereoPair
    replay_directory: str
    watched: bool
    stages: Stages
    episode: Episode
    recorder: ThreadPoolExecutor
    stage: Callable[[str], AbstractContextManager[dict[str, float]]]
    progress: Callable[[str], Progress]
    stop: Stop
    _tracked: int = field(default=0, init=False)  # number of the dream
    _planned: Sequence[ToolTrack] = field(default=(), init=False)

    def imagine(self, number: int, seed: int) -> StereoVideo:
        """See Dreamer."""
        goal = GenerateVideo.Goal(
            task=self.task.name, photos=self.photos, seed=seed, replay_directory=self.replay_directory
        )
        with self.stage("generate") as facts:
            result = self.stages.generate(goal, self._told(number, "generate"), self.stop)
            facts["compute_s"] = result.compute_s
        record = self.episode.dream(number)
        self.recorder.submit(lambda: record.save_video(messages.stereo_video(result.video)))
        return result.video

    def track(self, number: int, video: StereoVideo) -> tuple[list[ToolTrack], dict[str, float]]:
        """See Dreamer."""
        goal, record = TrackTools.Goal(task=self.task.name, video=video), self.episode.dream(number)
        self._tracked = number
        with self.stage("track") as facts:
            try:
                result = self.stages.track(goal, self._told(number, "track"), self.stop)
            except StageFailed as failed:
                facts["compute_s"] = failed.result.compute_s
                self.recorder.submit(_save_tracks, record, failed.result, video.fps)
                raise
            facts["compute_s"] = result.compute_s
            self.recorder.submit(_save_tracks, record, result, video.fps)
            tracks = messages.tool_tracks(result.trajectory)
            return tracks, judge(tracks, self.task, self.rig, self.tools)

    def plan(self, number: int, tracks: Sequence[ToolTrack]) -> dict[str, ArmTrajectory]:
        """See Dreamer."""
        self._planned = tracks
        goal = self.execution(tracks, plan_only=True)
        with self.stage("plan") as facts:
            result = self.stages.execute(goal, self._told(number, "plan"), self.stop)
            facts["compute_s"] = result.compute_s
        trajectories = {plan.arm: messages.arm_trajectory(plan) for plan in result.planned}
        self.episode.dream(number).save_plan(trajectories)
        return trajectories

    def judged(self, dream: Dream[StereoVideo]) -> None:
        """See Dreamer."""
        self.episode.judged(dream)

    def chosen(self, dream: Dream[StereoVideo]) -> None:
        """See Dreamer. rviz shows, and the executor keeps for the run, what was tracked and planned last."""
        self.episode.chosen(dream)
        if self.watched and dream.number != self._tracked:
            self.track(dream.number, dream.video)
        if dream.tracks is not self._planned:
            self.plan(dream.number, dream.tracks)
        self.recorder.submit(self.episode.show_dream, dream.number)

    def execution(self, tracks: Sequence[ToolTrack], plan_only: bool) -> ExecuteToolTrajectory.Goal:
        """The goal that plans the tracks, or acts them out."""
        trajectory = messages.tool_trajectory_message(tracks, self.photos.top.header)
        return ExecuteToolTrajectory.Goal(task=self.task.name, trajectory=trajectory, plan_only=plan_only)

    def _told(self, number: int, stage: str) -> Progress:
        progress = self.progress(stage)
        if self.task.samples == 1:
            return progress
        which = f"dream {number} of up to {self.task.samples}"
        return lambda fraction, what: progress(fraction, f"{which}: {what}")


def _save_tracks(record: DreamRecord, result: TrackTools.Result, fps: float) -> None:
    if result.trajectory.tools:
        record.save_tracks(messages.tool_tracks(result.trajectory))
    if result.overlay:
        record.save_overlay(np.stack([compressed_array(frame) for frame in result.overlay]), fps)

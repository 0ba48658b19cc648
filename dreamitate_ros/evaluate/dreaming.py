"""Dreams in a simulated cell: each stage up to the plan called directly, and its result kept in the episode."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from dreamitate_ros.dreams.choose import Dream
from dreamitate_ros.dreams.judge import judge
from dreamitate_ros.episode import Episode
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.plan import plan
from dreamitate_ros.generate.generator import Generator
from dreamitate_ros.rig import Rig
from dreamitate_ros.task import Task
from dreamitate_ros.tool import Tool
from dreamitate_ros.track.gate import require_confident
from dreamitate_ros.track.overlay import draw_overlay
from dreamitate_ros.values import ArmTrajectory, Array, Progress, StereoImage, StereoVideo, Stop, ToolTrack

Track = Callable[[StereoVideo, Rig, Sequence[Tool], Progress, Stop], list[ToolTrack]]
"""Says where the tools are in an imagined video, as track.tracker.track_tools does."""


@dataclass(frozen=True)
class CellDreamer:
    """A dreams.choose.Dreamer for one photo pair. find: the tools in a video. start: arm -> (6,) rad where it is."""

    task: Task
    rig: Rig
    tools: Mapping[str, Tool]
    generator: Generator
    find: Track
    photos: StereoImage
    start: Mapping[str, Array]
    episode: Episode

    def imagine(self, number: int, seed: int) -> StereoVideo:
        """See Dreamer."""
        with stage(self.episode, "generate"):
            video = self.generator.generate(self.photos, self.task, seed, unheard, go_on)
        self.episode.dream(number).save_video(video)
        return video

    def track(self, number: int, video: StereoVideo) -> tuple[list[ToolTrack], dict[str, float]]:
        """See Dreamer."""
        with stage(self.episode, "track"):
            tools = [self.tools[arm] for arm in self.task.arm_tools]
            tracks = self.find(video, self.rig, tools, unheard, go_on)
            record = self.episode.dream(number)
            record.save_tracks(tracks)
            record.save_overlay(draw_overlay(video, self.rig, tools, tracks), video.fps)
            require_confident(tracks, self.task.confidence_gate)
            return tracks, judge(tracks, self.task, self.rig, self.tools)

    def plan(self, number: int, tracks: Sequence[ToolTrack]) -> dict[str, ArmTrajectory]:
        """See Dreamer."""
        with stage(self.episode, "plan"):
            trajectories = plan(tracks, self.task, self.rig, self.tools, self.start, unheard, go_on)
        self.episode.dream(number).save_plan(trajectories)
        return trajectories

    def judged(self, dream: Dream[StereoVideo]) -> None:
        """See Dreamer."""
        self.episode.judged(dream)

    def chosen(self, dream: Dream[StereoVideo]) -> None:
        """See Dreamer."""
        self.episode.chosen(dream)
        self.episode.show_dream(dream.number)


@contextmanager
def stage(episode: Episode, name: str) -> Iterator[None]:
    """Tell the episode that a stage starts and how it ends, as the policy's node does."""
    episode.event("started", stage=name)
    started_s = time.monotonic()
    try:
        yield
    except DreamitateError as error:
        took_s = time.monotonic() - started_s
        episode.event("failed", stage=name, compute_s=took_s, error=error.code.name, message=error.message)
        raise
    except Exception as error:
        episode.event("failed", stage=name, error=ErrorCode.UNKNOWN.name, message=repr(error))
        raise
    took_s = time.monotonic() - started_s
    episode.event("finished", stage=name, duration_s=took_s, compute_s=took_s)


def unheard(share: float, what: str) -> None:
    """Progress that nobody reads: trials are told of when they end."""


def go_on() -> bool:
    """Nobody cancels a trial: its process is ended."""
    return False

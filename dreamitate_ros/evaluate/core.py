"""The policy's stages called one after the other, without ROS: what nodes/policy.py does through the graph."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dreamitate_ros import episode_files as files
from dreamitate_ros.capture.photos import crop_photos, read_photos
from dreamitate_ros.dreams.choose import choose
from dreamitate_ros.episode import Episode
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.evaluate.dreaming import CellDreamer, Track, go_on, stage
from dreamitate_ros.evaluate.trial import Round, Trial, read_round, round_seed
from dreamitate_ros.execute.run import ExecutionStopped, run
from dreamitate_ros.generate.generator import Generator
from dreamitate_ros.generate.replay import ReplayGenerator
from dreamitate_ros.report import write_summary
from dreamitate_ros.rig import Rig
from dreamitate_ros.simulate.cell import Cell
from dreamitate_ros.simulate.rendering import CameraRenderer
from dreamitate_ros.simulate.stepped import SteppedCell
from dreamitate_ros.simulate.tasks import simulated_task
from dreamitate_ros.task import Task
from dreamitate_ros.tool import Tool
from dreamitate_ros.track.tracker import track_tools
from dreamitate_ros.values import ArmTrajectory, Image, StereoImage

VIDEO_FPS = 4.0  # of the arms' video, per simulated second

Imagination = Callable[[Cell], Iterable[Generator]]
"""What imagines in the scene of a cell, round by round."""


@dataclass(frozen=True)
class CorePolicy:
    """What all trials share. rig: as calibrated, and its file; tools: arm -> Tool; episodes: their folders' folder.

    find: the tools in an imagined video.
    """

    task: Task
    rig: Rig
    rig_path: Path
    tools: Mapping[str, Tool]
    episodes: Path
    find: Track = track_tools

    def trial(self, seed: int, imagination: Imagination) -> Trial:
        """The rounds of a trial in the scene of `seed`, up to one that ends it (Round.ends_trial)."""
        started_s = time.monotonic()
        cell = Cell(simulated_task(self.task.name), seed, self.rig, self.tools)
        stepped, rounds = SteppedCell(cell), list[Round]()
        try:
            for generator in imagination(cell):
                first = round_seed(seed, len(rounds), self.task.samples)
                rounds.append(self._round(stepped, generator, first))
                if rounds[-1].ends_trial:
                    break
        finally:
            cell.close()
        return Trial(seed, tuple(rounds), time.monotonic() - started_s)

    def _round(self, stepped: SteppedCell, generator: Generator, seed: int) -> Round:
        facts = {
            "rig": str(self.rig_path),
            "seed": seed,
            "samples": self.task.samples,
            "generator": type(generator).__name__,
        }
        episode = Episode.create(self.episodes, self.task.name, facts)
        error: DreamitateError | None = None
        try:
            self._act(stepped, episode, generator, seed)
        except DreamitateError as known:
            error = known
        except Exception as unforeseen:  # a fault of ours; the episode says so
            error = DreamitateError(ErrorCode.UNKNOWN, f"the policy failed: {unforeseen!r}")
        outcome = stepped.cell.outcome
        files.write_truth(episode.folder / files.TRUTH, stepped.cell.seed, outcome)
        episode.finish(error)
        episode.wait_for_report()
        write_summary(episode.folder)
        return read_round(episode.folder, f"{error.code.name}: {error.message}" if error else "", outcome)

    def _act(self, stepped: SteppedCell, episode: Episode, generator: Generator, seed: int) -> None:
        with stage(episode, "capture"):
            photos = self._photos(stepped.cell, generator)
            episode.save_photos(photos)
        start = {arm: driver.state().positions for arm, driver in stepped.arms.items()}
        dreamer = CellDreamer(self.task, self.rig, self.tools, generator, self.find, photos, start, episode)
        dream = choose(dreamer, seed, self.task.samples, self.task.choice)
        with stage(episode, "execute"):
            self._execute(stepped, episode, dream.trajectories)

    def _photos(self, cell: Cell, generator: Generator) -> StereoImage:
        if isinstance(generator, ReplayGenerator):
            photos = read_photos(generator.directory)
        else:
            photos = StereoImage(cell.render("top"), cell.render("side"))
        return crop_photos(photos, self.rig.top.width, self.rig.top.height)

    def _execute(
        self, stepped: SteppedCell, episode: Episode, trajectories: Mapping[str, ArmTrajectory]
    ) -> None:
        frames: list[Image] = []
        episode.event("motion_started")
        try:
            with _filmed(stepped, frames):
                execution = run(trajectories, stepped.arms, self.tools, lambda *_: None, go_on, stepped.clock)
            episode.save_execution(execution)
        except ExecutionStopped as stopped:
            episode.save_execution(stopped.execution)
            raise
        finally:
            if frames:
                episode.save_execution_video(np.stack(frames), VIDEO_FPS)


@contextmanager
def _filmed(stepped: SteppedCell, frames: list[Image]) -> Iterator[None]:
    """The overview camera's picture every 1/VIDEO_FPS s of the cell's time goes into frames."""
    renderer = CameraRenderer(stepped.cell.model, cameras=["overview"])
    due_s = stepped.clock.now_s()

    def watch(now_s: float) -> None:
        nonlocal due_s
        if now_s >= due_s:
            due_s += 1 / VIDEO_FPS
            frames.append(renderer.render(stepped.cell.data, "overview"))

    stepped.watch = watch
    try:
        yield
    finally:
        stepped.watch = lambda now_s: None
        renderer.close()

"""Dreams through the stages' nodes: which goals they get, and that a person is shown the one that will be acted out."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from dreamitate_msgs.action import ExecuteToolTrajectory, GenerateVideo, TrackTools
from dreamitate_ros import episode_files as files
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.dreams.choose import choose
from dreamitate_ros.episode import Episode
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.nodes import dreamer as module
from dreamitate_ros.nodes import messages
from dreamitate_ros.nodes.dreamer import GraphDreamer
from dreamitate_ros.nodes.stages import StageFailed
from dreamitate_ros.rig import load_rig
from dreamitate_ros.task import Choice, load_task, with_samples
from dreamitate_ros.values import StereoImage, StereoVideo, ToolTrack

RIG = load_rig(config_directory() / "rigs" / "cell.yaml")
VIEW = np.full((448, 768, 3), 90, np.uint8)
PHOTOS = messages.stereo_pair_message(StereoImage(VIEW, VIEW, 3.5, 3.5), RIG.top, RIG.side)
TRACK = ToolTrack(
    "left", np.arange(3) / 6, np.tile(np.eye(4), (3, 1, 1)), np.full(3, 0.9), np.ones(3, bool),
    np.full((3, 2), 1.0), np.full((3, 6), 1e-3),
)  # fmt: skip


class Stages:
    """Nodes that answer at once; the tracker loses the tools in the dreams of `lost` seeds."""

    def __init__(self, lost=()):
        self.lost, self.goals = lost, []

    def generate(self, goal, progress, stop):
        self.goals.append(("generate", goal.seed))
        progress(0.5, "imagining")
        video = StereoVideo(np.stack([VIEW] * 2), np.stack([VIEW] * 2), float(goal.seed))
        return GenerateVideo.Result(video=messages.stereo_video_message(video, goal.photos), compute_s=2.0)

    def track(self, goal, progress, stop):
        self.goals.append(("track", int(goal.video.fps)))
        result = TrackTools.Result(trajectory=messages.tool_trajectory_message([TRACK]), compute_s=3.0)
        if int(goal.video.fps) in self.lost:
            raise StageFailed(ErrorCode.TRACKING_LOST, "the left tool was lost", result)
        return result

    def execute(self, goal, progress, stop):
        self.goals.append(("plan" if goal.plan_only else "execute", goal.trajectory))
        return ExecuteToolTrajectory.Result()

    def names(self):
        return [name for name, _ in self.goals]


class Bench:
    """A dreamer of four dreams at most, and what its episode and a person see of it."""

    def __init__(self, folder: Path, stages: Stages, watched: bool = False) -> None:
        self.stages, self.said = stages, []
        self.episode = Episode.create(folder, "rotate", {})
        self.recorder = ThreadPoolExecutor(max_workers=1)
        task = with_samples(load_task("rotate", config_directory()), 4)
        self.dreamer = GraphDreamer(
            task, RIG, {}, PHOTOS, "", watched, stages, self.episode, self.recorder, self._stage,
            lambda stage: lambda fraction, what: self.said.append(f"{stage}: {what}"), lambda: False,
        )  # fmt: skip

    @contextmanager
    def _stage(self, name):
        yield {}

    def kept(self):
        self.recorder.shutdown()
        return {
            folder.name: {path.name for path in folder.iterdir()}
            for folder in files.dream_folders(self.episode.folder)
        }


@pytest.fixture
def scores(monkeypatch):
    """What the judge says, dream after dream."""
    said = iter([0.3, 0.6, 0.5, 0.2, 0.6])
    monkeypatch.setattr(module, "judge", lambda *_: {"rest": next(said)})


def test_seeds_follow_each_other_and_every_dream_is_kept(tmp_path, scores):
    bench = Bench(tmp_path, Stages(lost=(9,)))
    dream = choose(bench.dreamer, 7, 4)
    assert (dream.number, dream.seed) == (2, 8)
    assert [seed for name, seed in bench.stages.goals if name == "generate"] == [7, 8, 9, 10]
    assert bench.stages.names().count("plan") == 3 + 1  # again for the chosen one
    assert "generate: dream 2 of up to 4: imagining" in bench.said
    kept = bench.kept()
    assert kept["02"] == {files.IMAGINED, files.TRACKS, files.PLANNED, files.VERDICT}
    assert kept["03"] == {files.IMAGINED, files.TRACKS, files.VERDICT}
    assert (bench.episode.folder / files.TRACKS).is_file()


@pytest.mark.parametrize("watched", [True, False])
def test_the_chosen_dream_is_planned_last_and_a_person_sees_it(tmp_path, scores, watched):
    bench = Bench(tmp_path, Stages(), watched)
    dream = choose(bench.dreamer, 7, 4)
    assert dream.seed == 8
    assert (("track", 8) in bench.stages.goals[-2:]) == watched
    bench.stages.execute(bench.dreamer.execution(dream.tracks, plan_only=False), None, None)
    (planned, shown), (executed, acted_out) = bench.stages.goals[-2:]
    assert (planned, executed) == ("plan", "execute")
    assert shown == acted_out


@pytest.mark.parametrize("watched", [True, False])
def test_the_mean_is_planned_once_and_a_person_sees_the_dream_nearest_to_it(tmp_path, scores, watched):
    bench = Bench(tmp_path, Stages(), watched)
    dream = choose(bench.dreamer, 7, 4, Choice.MEAN)
    assert (dream.number, dream.mean_of) == (1, 4)
    shown = ["track"] if watched else []
    assert bench.stages.names() == [*["generate", "track", "plan"] * 4, "plan", *shown]
    _, planned = [goal for goal in bench.stages.goals if goal[0] == "plan"][-1]
    assert bench.dreamer.execution(dream.tracks, plan_only=False).trajectory == planned


def test_what_is_shown_already_is_not_asked_for_again(tmp_path, scores):
    bench = Bench(tmp_path, Stages(), watched=True)
    dream = choose(bench.dreamer, 7, 2)
    assert dream.number == 2
    assert bench.stages.names() == ["generate", "track", "plan"] * 2


def test_when_all_are_refused_their_videos_and_tracks_are_kept(tmp_path, scores):
    bench = Bench(tmp_path, Stages(lost=(7, 8)))
    with pytest.raises(DreamitateError) as caught:
        choose(bench.dreamer, 7, 2)
    assert caught.value.code == ErrorCode.DREAMS_REFUSED
    assert all(files.TRACKS in names and files.VERDICT in names for names in bench.kept().values())

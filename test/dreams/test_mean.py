"""The mean of all dreams is what is acted out where a task wants it, and the dream nearest to it is what is shown."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.dreams.choose import choose
from dreamitate_ros.dreams.mean import mean_tracks, nearest
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.geometry import angle_rad
from dreamitate_ros.task import Choice, load_task
from dreamitate_ros.values import ToolTrack

NOT_SEEN = float("nan")


def track(*places_m: float, confidence: float = 1.0, turn_rad: float = 0.0, name: str = "left") -> ToolTrack:
    """A tool that is so far along x at each time."""
    count = len(places_m)
    poses = np.tile(np.eye(4), (count, 1, 1))
    poses[:, :2, :2] = [[np.cos(turn_rad), -np.sin(turn_rad)], [np.sin(turn_rad), np.cos(turn_rad)]]
    poses[:, 0, 3] = places_m
    poses[np.isnan(places_m)] = np.nan
    seen = ~np.isnan(places_m)
    px, sigma = np.ones((count, 2)), np.where(seen[:, None], np.ones((count, 6)), np.nan)
    return ToolTrack(name, np.arange(count) / 4, poses, seen * confidence, seen, px, sigma)


def test_places_and_turns_are_averaged_by_confidence() -> None:
    sure, unsure = track(0.0, 0.1, turn_rad=0.1), track(0.0, 0.4, turn_rad=0.4, confidence=0.5)
    (mean,) = mean_tracks([[sure], [unsure]])
    assert mean.top_from_tool[:, 0, 3] == pytest.approx([0.0, 0.2])
    assert angle_rad(mean.top_from_tool[1]) == pytest.approx(0.2, abs=1e-3)
    assert mean.confidence == pytest.approx([0.75, 0.75])
    assert mean.observed.all()
    assert mean.sigma == pytest.approx(np.ones((2, 6)))


def test_one_dream_is_its_own_mean() -> None:
    one = track(NOT_SEEN, 0.1, 0.3, turn_rad=0.2)
    (mean,) = mean_tracks([[one]])
    np.testing.assert_allclose(mean.top_from_tool, one.top_from_tool, atol=1e-12)
    assert mean.present.tolist() == [False, True, True]
    assert mean.confidence.tolist() == one.confidence.tolist()


def test_a_time_that_few_dreams_show_has_no_mean() -> None:
    few, most = track(0.7, 0.1), track(NOT_SEEN, 0.1)
    (mean,) = mean_tracks([[few], [most], [most]])
    assert mean.present.tolist() == mean.observed.tolist() == [False, True]
    assert np.isnan(mean.sigma[0]).all()
    (mean,) = mean_tracks([[few], [most]])
    assert mean.top_from_tool[:, 0, 3] == pytest.approx([0.7, 0.1])


def test_every_tool_has_its_own_mean() -> None:
    dreams = [[track(0.1), track(0.5, name="right")], [track(0.3), track(0.9, name="right")]]
    left, right = mean_tracks(dreams)
    assert (left.tool, right.tool) == ("left", "right")
    assert left.top_from_tool[0, 0, 3] == pytest.approx(0.2)
    assert right.top_from_tool[0, 0, 3] == pytest.approx(0.7)


def test_the_nearest_dream_is_shown() -> None:
    dreams = [[track(0.0, end_m)] for end_m in (0.5, 0.1, 0.15)]
    assert nearest(dreams, [track(0.0, 0.2)]) == 2
    assert nearest([[track(0.0, NOT_SEEN)], [track(NOT_SEEN, 0.9)]], [track(NOT_SEEN, 0.2)]) == 1


class Dreamer:
    """One tool that ends where it is listed; None: lost."""

    def __init__(self, *ends_m: float | None) -> None:
        self.ends_m, self.imagined, self.acted_out = ends_m, 0, 0
        self.planned_m: list[float] = []

    def imagine(self, number, seed):
        self.imagined += 1
        return seed

    def track(self, number, video):
        end_m = self.ends_m[number - 1]
        if end_m is None:
            raise DreamitateError(ErrorCode.TRACKING_LOST, "the left tool was lost")
        return [track(NOT_SEEN, 0.0, end_m)], {"rest": 1.0}

    def plan(self, number, tracks):
        self.planned_m.append(float(tracks[0].top_from_tool[-1, 0, 3]))
        return {"left": self.planned_m[-1]}

    def judged(self, dream):
        pass

    def chosen(self, dream):
        self.acted_out = dream.number


def test_all_are_imagined_for_the_mean_and_it_is_planned_last() -> None:
    dreamer = Dreamer(0.5, None, 0.1, 0.15)
    dream = choose(dreamer, 7, 4, Choice.MEAN)
    assert (dreamer.imagined, dreamer.acted_out, dream.number) == (4, 4, 4)
    assert dream.trajectories["left"] == dreamer.planned_m[-1] == pytest.approx(0.25)
    assert dream.tracks[0].top_from_tool[-1, 0, 3] == pytest.approx(0.25)


def test_without_it_the_first_clear_one_is_acted_out_as_it_is() -> None:
    dreamer = Dreamer(0.5, None, 0.1, 0.15)
    assert choose(dreamer, 7, 4, Choice.CLEAR).trajectories == {"left": 0.5}
    assert dreamer.imagined == 1


def test_there_is_no_mean_where_all_are_refused() -> None:
    dreamer = Dreamer(None, None)
    with pytest.raises(DreamitateError) as caught:
        choose(dreamer, 7, 2, Choice.MEAN)
    assert caught.value.code == ErrorCode.DREAMS_REFUSED
    assert dreamer.acted_out == 0


def test_a_task_names_its_choice(tmp_path: Path) -> None:
    content = yaml.safe_load((config_directory() / "tasks" / "rotate.yaml").read_text())
    (tmp_path / "tasks").mkdir()

    def load(**changed):
        (tmp_path / "tasks" / "turn.yaml").write_text(yaml.safe_dump(content | changed))
        return load_task("turn", tmp_path)

    assert load(choice="mean").choice is Choice.MEAN
    assert load(choice="clear").choice is load().choice is Choice.CLEAR
    with pytest.raises(DreamitateError, match="choice must be one of clear, mean, found 'best'"):
        load(choice="best")

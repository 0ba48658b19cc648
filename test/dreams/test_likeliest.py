"""The dream that the others resemble is the one acted out, and all are imagined for it."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.dreams.choose import choose
from dreamitate_ros.dreams.likeliest import likeliest
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.task import Choice, load_task
from dreamitate_ros.values import ToolTrack

NOT_SEEN = float("nan")


def track(*places_m: float) -> ToolTrack:
    """A tool that is so far along x at each time."""
    count = len(places_m)
    poses = np.tile(np.eye(4), (count, 1, 1))
    poses[:, 0, 3] = places_m
    poses[np.isnan(places_m)] = np.nan
    sure, unknown = np.ones(count), np.zeros((count, 6))
    return ToolTrack("left", np.arange(count) / 4, poses, sure, sure > 0, unknown[:, :2], unknown)


@pytest.mark.parametrize(
    ("ends_m", "expected"),
    [
        ([0.1], 0),
        ([0.1, 0.3], 0),
        ([0.5, 0.1, 0.12], 2),  # nearer to the odd one out, of two that agree
        ([-0.4, 0.10, 0.11, 0.12, 0.5], 2),
    ],
)
def test_it_is_in_the_middle_of_those_that_agree(ends_m, expected) -> None:
    assert likeliest([[track(NOT_SEEN, 0.0, end_m)] for end_m in ends_m]) == expected


def test_times_without_a_tool_do_not_count_and_every_tool_does() -> None:
    gap, same, far = track(0.0, NOT_SEEN, 0.1), track(0.0, 9.0, 0.1), track(0.0, 9.0, 0.4)
    assert likeliest([[far], [gap], [same]]) == 2
    assert likeliest([[same, far], [same, same], [same, same]]) == 1


def test_a_dream_that_has_no_time_in_common_with_others_is_not_likely() -> None:
    early, late = track(0.1, NOT_SEEN, NOT_SEEN), track(NOT_SEEN, 0.2, 0.1)
    assert likeliest([[early], [late], [late]]) == 1
    assert likeliest([[early], [late]]) == 0


class Dreamer:
    """One tool that ends where it is listed; None: lost."""

    def __init__(self, *ends_m: float | None) -> None:
        self.ends_m, self.imagined, self.acted_out = ends_m, 0, 0

    def imagine(self, number, seed):
        self.imagined += 1
        return seed

    def track(self, number, video):
        end_m = self.ends_m[number - 1]
        if end_m is None:
            raise DreamitateError(ErrorCode.TRACKING_LOST, "the left tool was lost")
        return [track(NOT_SEEN, 0.0, end_m)], {"rest": 1.0}

    def plan(self, number, tracks):
        return {}

    def judged(self, dream):
        pass

    def chosen(self, dream):
        self.acted_out = dream.number


@pytest.mark.parametrize(
    ("choice", "imagined", "acted_out"), [(Choice.CLEAR, 1, 1), (Choice.LIKELIEST, 4, 4)]
)
def test_all_are_imagined_for_the_likeliest(choice, imagined, acted_out) -> None:
    dreamer = Dreamer(0.5, None, 0.1, 0.12)
    dream = choose(dreamer, 7, 4, choice)
    assert (dreamer.imagined, dreamer.acted_out, dream.number) == (imagined, acted_out, acted_out)


def test_none_is_likely_where_all_are_refused() -> None:
    dreamer = Dreamer(None, None)
    with pytest.raises(DreamitateError) as caught:
        choose(dreamer, 7, 2, Choice.LIKELIEST)
    assert caught.value.code == ErrorCode.DREAMS_REFUSED
    assert dreamer.acted_out == 0


def test_a_task_names_its_choice(tmp_path: Path) -> None:
    content = yaml.safe_load((config_directory() / "tasks" / "push_shape_bold.yaml").read_text())
    (tmp_path / "tasks").mkdir()

    def load(**changed):
        (tmp_path / "tasks" / "push.yaml").write_text(yaml.safe_dump(content | changed))
        return load_task("push", tmp_path)

    assert load(choice="likeliest").choice is Choice.LIKELIEST
    assert load(choice="clear").choice is Choice.CLEAR
    with pytest.raises(DreamitateError, match="choice must be one of clear, likeliest, found 'best'"):
        load(choice="best")

"""Each figure by which a dream is judged, at its best, in between, and where it is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dreamitate_ros.dreams.judge import judge
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.collision import lowest_point_m
from dreamitate_ros.geometry import inverse, transform
from dreamitate_ros.rig import load_rig
from dreamitate_ros.task import load_task
from dreamitate_ros.tool import load_tools
from dreamitate_ros.values import ToolTrack

CONFIG = Path(__file__).parents[2] / "config"
RIG = load_rig(CONFIG / "rigs" / "cell.yaml")
TASK = replace(load_task("rotate", CONFIG), contact_height_m=0.0)
TOOLS = load_tools(TASK.arm_tools, CONFIG)
TIMES = 13


def a_track(
    arm: str, height_m: float = 0.0, leaving_m_s: float = 0.0, confidence: float = 0.9, apart_px: float = 2.0
) -> ToolTrack:
    """From time 2 on: down to height_m above the table, then on to the right, in the end at leaving_m_s."""
    lowest_m = float(lowest_point_m(TOOLS[arm], np.eye(4)[None])[0])
    down_m = np.concatenate([np.linspace(0.2, 0.0, 5), np.zeros(6)])
    right_m = np.concatenate([np.zeros(4), 0.01 * np.arange(7)])
    right_m[-1] = right_m[-2] + leaving_m_s / TASK.fps
    places_m = np.stack([right_m, np.zeros(11), height_m - lowest_m + down_m], axis=1)
    poses = np.full((TIMES, 4, 4), np.nan)
    assert RIG.world_from_top is not None
    poses[2:] = inverse(RIG.world_from_top) @ transform(np.eye(3), places_m)
    observed = np.arange(TIMES) >= 2
    return ToolTrack(
        arm,
        np.arange(TIMES) / TASK.fps,
        poses,
        np.where(observed, confidence, 0.0),
        observed,
        np.where(observed[:, None], apart_px / 2, np.nan).repeat(2, axis=1),
        np.full((TIMES, 6), 1e-3),
    )


def scores(left: ToolTrack, right: ToolTrack | None = None) -> dict[str, float]:
    return judge([left, right or a_track("right")], TASK, RIG, TOOLS)


def refusal(left: ToolTrack, right: ToolTrack | None = None) -> DreamitateError:
    with pytest.raises(DreamitateError) as caught:
        scores(left, right)
    return caught.value


def test_nothing_speaks_against_a_good_one() -> None:
    assert scores(a_track("left")) == {"confidence": 1.0, "agreement": 1.0, "contact": 1.0, "rest": 1.0}


@pytest.mark.parametrize(
    ("name", "score", "changes"),
    [
        ("confidence", 0.8, {"confidence": 0.6}),
        ("agreement", 0.25, {"apart_px": 14.0}),
        ("contact", 0.6, {"height_m": 0.03}),
        ("contact", 0.0, {"height_m": 0.1}),  # the other tool comes down
        ("contact", 0.75, {"height_m": -0.025}),
        ("rest", 0.5, {"leaving_m_s": 0.4}),
    ],
)
def test_the_tool_that_does_worst_counts(name: str, score: float, changes: dict[str, float]) -> None:
    expected = {"confidence": 1.0, "agreement": 1.0, "contact": 1.0, "rest": 1.0, name: score}
    assert scores(a_track("left", **changes)) == pytest.approx(expected)


def test_a_gap_in_the_track_counts_as_no_confidence() -> None:
    track = a_track("left")
    track.confidence[8:10] = 0.0
    assert scores(track)["confidence"] == pytest.approx((9 * 0.9 / 11) / 0.75)


def test_views_of_two_scenes_are_refused() -> None:
    error = refusal(a_track("left", apart_px=17.0))
    assert error.code == ErrorCode.IMPLAUSIBLE
    assert "the views show the left tool 17 px apart" in error.message


def test_the_views_are_measured_at_one_width() -> None:
    small = replace(RIG, top=replace(RIG.top, width=384), side=replace(RIG.side, width=384))
    with pytest.raises(DreamitateError, match="18 px apart"):
        judge([a_track("left", apart_px=9.0), a_track("right")], TASK, small, TOOLS)


def test_a_video_that_breaks_off_is_refused() -> None:
    error = refusal(a_track("left", leaving_m_s=0.7))
    assert error.code == ErrorCode.IMPLAUSIBLE
    assert "the left tool still moves at 0.70 m/s" in error.message


def test_tools_that_touch_nothing_are_refused_and_the_remedy_named() -> None:
    error = refusal(a_track("left", height_m=0.13), a_track("right", height_m=0.15))
    assert error.code == ErrorCode.IMPLAUSIBLE
    assert "the left one stays 130 mm above the table" in error.message
    assert "contact_height_m" in error.message


def test_a_task_on_a_tall_thing_is_worked_on_higher_up() -> None:
    tracks = [a_track(arm, height_m=0.13) for arm in TOOLS]
    assert judge(tracks, replace(TASK, contact_height_m=0.12), RIG, TOOLS)["contact"] == 1.0


def test_a_tool_that_is_not_believed_is_refused() -> None:
    assert refusal(a_track("left", confidence=0.3)).code == ErrorCode.LOW_CONFIDENCE

"""Only tracks that can be acted out pass, and the refusal names tool and times."""

from dataclasses import replace

import numpy as np
import pytest

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.geometry import transform
from dreamitate_ros.track.gate import require_confident
from dreamitate_ros.values import ToolTrack


def make_track(good: range, confidence: float = 0.9) -> ToolTrack:
    observed = np.isin(np.arange(13), good)
    poses = np.where(observed[:, None, None], transform(np.eye(3), np.array([0.0, 0.0, 0.7])), np.nan)
    return ToolTrack(
        "right",
        np.arange(13) / 6.0,
        poses,
        np.where(observed, confidence, 0.0),
        observed,
        np.full((13, 2), 1.0),
        np.full((13, 6), 1e-3),
    )


def refusal(track: ToolTrack) -> DreamitateError:
    with pytest.raises(DreamitateError) as caught:
        require_confident([track], 0.5)
    return caught.value


def test_a_good_track_passes():
    require_confident([make_track(range(3, 13))], 0.5)


def test_a_tool_never_seen_is_lost():
    error = refusal(make_track(range(0)))
    assert error.code == ErrorCode.TRACKING_LOST
    assert "right tool" in error.message


def test_too_few_times_are_lost_and_listed():
    error = refusal(make_track(range(8, 13)))
    assert error.code == ErrorCode.TRACKING_LOST
    assert "5 of 13 times (8, 9, 10, 11, 12)" in error.message


def test_a_path_without_an_end_is_lost():
    error = refusal(make_track(range(1, 10)))
    assert error.code == ErrorCode.TRACKING_LOST
    assert "after time 9" in error.message


def test_poses_below_the_gate_are_named():
    error = refusal(make_track(range(3, 13), confidence=0.31))
    assert error.code == ErrorCode.LOW_CONFIDENCE
    assert "0.31" in error.message
    assert "3, 4, 5" in error.message


def test_what_is_hardly_the_tool_is_lost_and_the_cause_named():
    track = make_track(range(3, 13), confidence=0.05)
    error = refusal(track)
    assert error.code == ErrorCode.TRACKING_LOST
    assert "another shape" in error.message
    error = refusal(replace(track, residuals_px=np.full((13, 2), 12.0)))
    assert error.code == ErrorCode.TRACKING_LOST
    assert "24 px apart" in error.message


def test_a_long_stretch_below_the_gate_is_refused():
    track = make_track(range(2, 13))
    confidence = track.confidence.copy()
    confidence[6:9] = 0.2
    error = refusal(replace(track, confidence=confidence))
    assert error.code == ErrorCode.LOW_CONFIDENCE
    assert "3 times in a row" in error.message


@pytest.mark.parametrize(
    ("jump", "words"),
    [
        (transform(np.eye(3), np.array([0.5, 0.0, 0.0])), "jumps by 500 mm and 0 deg between times 7 and 8"),
        (transform(np.diag([1.0, -1.0, -1.0]), np.zeros(3)), "180 deg between times 7 and 8"),
    ],
)
def test_a_tool_that_jumps_is_lost(jump, words):
    track = make_track(range(3, 13))
    poses = track.top_from_tool.copy()
    poses[8:] = poses[8:] @ jump
    error = refusal(replace(track, top_from_tool=poses))
    assert error.code == ErrorCode.TRACKING_LOST
    assert words in error.message

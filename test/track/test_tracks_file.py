"""Tracks on disk come back as they were; broken files are named."""

import json

import numpy as np
import pytest

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.geometry import transform
from dreamitate_ros.track.tracks_file import read_tracks, write_tracks
from dreamitate_ros.values import ToolTrack


def make_track(tool: str = "left") -> ToolTrack:
    poses = np.stack([transform(np.eye(3), np.array([0.1, 0.01 * t, 0.7])) for t in range(13)])
    poses[:2] = np.nan
    confidence = np.where(np.arange(13) < 2, 0.0, 0.9)
    observed = np.arange(13) >= 3
    residuals = np.where(observed[:, None], [[2.0, 1.5]], np.nan)
    return ToolTrack(
        tool, np.arange(13) / 6.0, poses, confidence, observed, residuals, np.full((13, 6), 0.001)
    )


def test_round_trip(tmp_path):
    tracks = [make_track("left"), make_track("right")]
    write_tracks(tmp_path / "tracks.json", tracks)
    read = read_tracks(tmp_path / "tracks.json", 6.0)
    assert [track.tool for track in read] == ["left", "right"]
    for ours, theirs in zip(read, tracks, strict=True):
        for name in ("times_s", "top_from_tool", "confidence", "observed", "residuals_px"):
            assert np.array_equal(getattr(ours, name), getattr(theirs, name), equal_nan=name != "observed"), (
                name
            )


def test_the_file_has_the_format_that_scorers_read(tmp_path):
    write_tracks(tmp_path / "tracks.json", [make_track()])
    poses = json.loads((tmp_path / "tracks.json").read_text())["tools"]["left"]
    assert [pose["time"] for pose in poses] == list(range(2, 13))
    assert np.shape(poses[0]["top_from_tool"]) == (4, 4)
    assert poses[0]["confidence"] == 0.9


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("not json", "not a tracks file"),
        ("[]", "not a tracks file"),
        (
            '{"tools": {"left": [{"time": 13, "top_from_tool": [], "confidence": 1}]}}',
            "time 13 of tool 'left'",
        ),
        (
            '{"tools": {"left": [{"time": 3, "top_from_tool": [[1,0,0,0],[0,1,0,0],[0,0,2,0],[0,0,0,1]],'
            ' "confidence": 1}]}}',
            "not a rigid",
        ),
    ],
)
def test_broken_files_are_named(tmp_path, content, words):
    (tmp_path / "tracks.json").write_text(content)
    with pytest.raises(DreamitateError, match=words) as caught:
        read_tracks(tmp_path / "tracks.json", 6.0)
    assert caught.value.code == ErrorCode.INVALID_PARAMETER


def test_missing_file_is_named(tmp_path):
    with pytest.raises(DreamitateError, match="does not exist"):
        read_tracks(tmp_path / "tracks.json", 6.0)

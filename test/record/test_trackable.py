"""The tracking check looks at the frames that training takes, and rejects by tool and in numbers."""

from pathlib import Path

import numpy as np
import pytest

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.video_file import write_frames
from dreamitate_ros.record import trackable
from dreamitate_ros.rig import load_rig
from dreamitate_ros.task import load_task
from dreamitate_ros.tool import load_tools
from dreamitate_ros.values import ToolTrack

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    """70 frames at 30 per second whose grey says which one they are."""
    paths = [tmp_path_factory.mktemp("videos") / f"{view}.mp4" for view in ("top", "side")]
    frames = np.stack([np.full((720, 1280, 3), 20 + 3 * index, np.uint8) for index in range(70)])
    for path in paths:
        write_frames(path, frames, 30.0)
    return paths


def check(videos, monkeypatch, confidence):
    task, rig = load_task("rotate", CONFIG), load_rig(CONFIG / "rigs" / "cell.yaml")
    tools = load_tools(task.arm_tools, CONFIG)
    seen = []

    def track(video, rig, tools, progress, stop):
        seen.append(video)
        poses = np.tile(np.eye(4), (13, 1, 1))
        blank = np.zeros((13, 2)), np.zeros((13, 6))
        return [
            ToolTrack(
                tool.name, video.times_s, poses, np.array(confidence[tool.name]), np.ones(13, bool), *blank
            )
            for tool in tools
        ]

    monkeypatch.setattr(trackable, "track_tools", track)
    result = trackable.check_tracking(*videos, 30.0, task, rig, tools, lambda *_: None, lambda: False)
    return seen[0], result


def test_it_tracks_every_fifth_frame_cropped_and_repeats_the_last(videos, monkeypatch):
    video, (reasons, facts) = check(videos, monkeypatch, {"left": [0.9] * 13, "right": [0.8] * 13})
    assert video.top.shape == (13, 448, 768, 3) and video.fps == 6
    shown = video.side[:, 200, 300, 0].astype(int)
    wanted = [20 + 3 * min(5 * time, 60) for time in range(13)]
    assert np.abs(shown - wanted).max() <= 3
    assert reasons == () and facts["left_believed"] == 1.0 and facts["right_confidence"] == 0.8


def test_a_tool_that_is_mostly_lost_rejects_the_take(videos, monkeypatch):
    _, (reasons, facts) = check(videos, monkeypatch, {"left": [0.9] * 13, "right": [0.9] * 4 + [0.1] * 9})
    assert len(reasons) == 1 and "the right tool is found at 3 of 12 times" in reasons[0]
    assert facts["right_believed"] == 0.25


def test_an_unreadable_video_is_one_clear_error(videos, monkeypatch, tmp_path):
    broken = tmp_path / "top.mp4"
    broken.write_bytes(b"no video")
    with pytest.raises(DreamitateError) as caught:
        check([broken, videos[1]], monkeypatch, {})
    assert caught.value.code == ErrorCode.UNREADABLE_VIDEO

"""A video that the original model imagined, against poses annotated by hand; skipped where the data is not at hand."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from dreamitate_ros.capture.photos import crop_photos, read_photos
from dreamitate_ros.generate.clip import unpack_clip
from dreamitate_ros.generate.video_file import read_frames
from dreamitate_ros.geometry import angle_rad, inverse
from dreamitate_ros.rig import load_rig
from dreamitate_ros.tool import load_tool
from dreamitate_ros.track.gate import require_confident
from dreamitate_ros.track.tracker import track_tools

CHECKOUT = Path(__file__).parents[2]
DATA = Path(os.environ.get("DREAMITATE_REAL_DATA", CHECKOUT.parent / "shared" / "real"))
EXPERIMENT = "018"


@pytest.mark.skipif(
    not (DATA / "reference.json").is_file(), reason="set DREAMITATE_REAL_DATA to the real videos"
)
def test_both_tools_of_a_real_video_are_followed():
    rig = load_rig(DATA / "rig.yaml")
    tools = [load_tool(name, DATA / "tools" / name) for name in ("left", "right")]
    photos = crop_photos(read_photos(DATA / "rotation" / EXPERIMENT), rig.top.width, rig.top.height)
    video = unpack_clip(read_frames(DATA / "rotation" / EXPERIMENT / "clip.mp4"), photos, 6.0)
    tracks = track_tools(video, rig, tools, lambda fraction, text: None, lambda: False)
    require_confident(tracks, 0.5)
    reference = json.loads((DATA / "reference.json").read_text())[EXPERIMENT]
    errors = []
    for track in tracks:
        for pose in (p for p in reference[track.tool] if p["grade"] != "bad" and p["t"] >= 4):
            assert track.confidence[pose["t"]] >= 0.5, f"{track.tool} missed at time {pose['t']}"
            errors.append(inverse(track.top_from_tool[pose["t"]]) @ np.array(pose["T"]))
    assert 1e3 * np.median(np.linalg.norm(np.stack(errors)[:, :3, 3], axis=1)) < 3.0
    assert np.degrees(np.median(angle_rad(np.stack(errors)))) < 2.0

"""What is learned of a tool's colours from where it was found."""

import numpy as np
import pytest

from dreamitate_ros.geometry import project
from dreamitate_ros.track.appearance import appearance_of
from dreamitate_ros.track.footage import Footage
from dreamitate_ros.track.likeness import color_model
from dreamitate_ros.values import StereoVideo

PAPER = (235, 235, 235)
SKINS = ((191, 133, 129), (205, 150, 130), (225, 170, 150))


def patch(color):
    return np.full((16, 16, 3), color, np.uint8)


@pytest.mark.parametrize("skin", SKINS)
def test_a_hand_over_a_white_tool_is_not_a_shade_of_white(skin, rig, plates, place, draw):
    pose, appearance = place(0.0, 0.0, 0.0), appearance_of(plates[0])
    views = []
    for camera, view_from_top in ((rig.top, np.eye(4)), (rig.side, rig.side_from_top)):
        shown = draw(camera, view_from_top @ pose, plates[0])
        x, y = np.round(project(camera, (view_from_top @ pose)[:3, 3])).astype(int)
        shown[y - 30 : y + 30, x - 60 : x] = skin  # half of the tool, and the arm beside it
        views.append(np.stack([np.zeros_like(shown), shown]))
    video = StereoVideo(views[0], views[1], fps=6.0)
    promised = color_model(appearance, [video.top[0], video.side[0]])
    learned = Footage(video, rig, appearance, promised, depth=1).learned(1, pose).colors
    assert learned.likeness(patch(PAPER)).mean() > 0.9
    assert learned.likeness(patch(skin)).mean() < 0.3

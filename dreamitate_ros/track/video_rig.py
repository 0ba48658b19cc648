"""The rig as a video shows it: a small model imagines frames smaller than the photos."""

from dreamitate_ros.rig import Rig
from dreamitate_ros.values import StereoVideo


def rig_of_video(rig: Rig, video: StereoVideo) -> Rig:
    """The rig at the size of the video's frames, where they are the rig's images made smaller; else the rig itself."""
    height, width = video.top.shape[1:3]
    is_smaller = width < rig.top.width and width * rig.top.height == height * rig.top.width
    return rig.resized(width, height) if is_smaller else rig

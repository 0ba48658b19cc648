"""Tools through an imagined video, from their meshes alone: no clicks, no boxes."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Lock

import numpy as np

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.rig import Rig
from dreamitate_ros.tool import Tool
from dreamitate_ros.track.appearance import Appearance, appearance_of
from dreamitate_ros.track.assemble import Candidate, assemble, drop_doubles
from dreamitate_ros.track.follow import follow
from dreamitate_ros.track.footage import Footage, pyramid_depth
from dreamitate_ros.track.likeness import color_model
from dreamitate_ros.track.observer import Observer
from dreamitate_ros.track.templates import templates_of
from dreamitate_ros.track.video_rig import rig_of_video
from dreamitate_ros.track.working_depth import working_depth_m
from dreamitate_ros.values import Image, Progress, StereoVideo, Stop, ToolTrack

BLACK = 8  # brightest level, 0..255, of an image that shows nothing
APART_RAD = 0.001  # how far each view may disagree with both, before that is measured: 0.6 px at 768


def track_tools(
    video: StereoVideo, rig: Rig, tools: Sequence[Tool], progress: Progress, stop: Stop
) -> list[ToolTrack]:
    """One track per tool, in the order of `tools`, with a confidence at every time.

    Time 0, the photo, has no tools; a time without a tool has a NaN pose and confidence 0. Judge the tracks with
    gate.require_confident before acting on them. A video may be smaller than the rig's images; residuals are in px of
    those all the same. Raises DreamitateError: CAMERA_MISMATCH when the video has another aspect ratio or is larger,
    or a view is black, INVALID_TOOL for a mesh without surface, Cancelled when `stop` says so.
    """
    small = rig_of_video(rig, video)
    found = candidates(video, small, tools, progress, stop)
    tracks = [assemble(candidate, small, video.times_s) for candidate in found]
    progress(1.0, "all times together")
    scale = rig.top.width / small.top.width
    return [replace(track, residuals_px=scale * track.residuals_px) for track in tracks]


def candidates(
    video: StereoVideo, rig: Rig, tools: Sequence[Tool], progress: Progress, stop: Stop
) -> list[Candidate]:
    """What is seen of each tool at every time, before all times are fitted together; arguments as of track_tools."""
    _require_views(video, rig)
    appearances = [appearance_of(tool) for tool in tools]
    counter = _Counter(progress, steps=len(tools) * len(video.top))
    with ThreadPoolExecutor(max_workers=max(1, len(tools))) as pool:
        futures = [pool.submit(_follow, video, rig, appearance, counter, stop) for appearance in appearances]
        return drop_doubles([future.result() for future in futures])


def _follow(
    video: StereoVideo, rig: Rig, appearance: Appearance, counter: "_Counter", stop: Stop
) -> Candidate:
    depths_m = working_depth_m(rig)
    templates = templates_of(appearance, rig.top, depths_m, stop)
    depth_m, focal_px = float(np.mean(depths_m)), float(rig.top.K[0, 0])
    levels = pyramid_depth(2 * appearance.radius_m * focal_px / depth_m)
    colors = color_model(appearance, [video.top[0], video.side[0]])

    counter.step("preparing")

    def advanced(stage: str) -> None:
        counter.step(f"{stage}, {appearance.name} tool")

    footage = Footage(video, rig, appearance, colors, levels)
    followed = follow(Observer(footage, templates, (APART_RAD, APART_RAD), stop), advanced)
    return Candidate(appearance, followed.seen, followed.margin)


class _Counter:
    """Adds up the steps of several threads for one progress report."""

    def __init__(self, progress: Progress, steps: int) -> None:
        self._progress, self._steps, self._done, self._lock = progress, steps, 0, Lock()

    def step(self, text: str) -> None:
        with self._lock:
            self._done += 1
            self._progress(min(0.94, self._done / self._steps), text)


def _require_views(video: StereoVideo, rig: Rig) -> None:
    for view, frames, camera in (("top", video.top, rig.top), ("side", video.side, rig.side)):
        if frames.shape[1:] != (camera.height, camera.width, 3):
            raise _mismatch(
                f"the {view} view is {frames.shape[2]}x{frames.shape[1]} px but the rig is calibrated for"
                f" {camera.width}x{camera.height}; crop and resize the video, or use the rig it was made with"
            )
        _require_picture(view, frames)


def _require_picture(view: str, frames: Image) -> None:
    if frames.max() <= BLACK:
        raise _mismatch(
            f"the {view} view is black at every time; both views must show the scene: check that camera's video"
        )


def _mismatch(message: str) -> DreamitateError:
    return DreamitateError(ErrorCode.CAMERA_MISMATCH, message)

"""Both tools through the imagined video, from their meshes alone: no clicks, no boxes."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import numpy as np

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.rig import Rig
from dreamitate_ros.tool import Tool
from dreamitate_ros.track.appearance import Appearance, appearance_of
from dreamitate_ros.track.assemble import assemble, drop_doubles
from dreamitate_ros.track.follow import Follower, Frame, Observation, pyramid_depth
from dreamitate_ros.track.templates import make_templates
from dreamitate_ros.values import Camera, Image, Progress, StereoVideo, Stop, ToolTrack

NEAREST, FARTHEST = 0.65, 0.95  # depth of the tools, as shares of the depth where the cameras' axes cross
BLACK = 8  # brightest level, 0..255, of an image that shows nothing


def track_tools(
    video: StereoVideo, rig: Rig, tools: Sequence[Tool], progress: Progress, stop: Stop
) -> list[ToolTrack]:
    """One track per tool, in the order of `tools`, with a confidence at every time.

    Time 0, the photo, has no tools; a time without a tool has a NaN pose and confidence 0. Judge the tracks with
    gate.require_confident before acting on them. Raises DreamitateError: CAMERA_MISMATCH when the video is not of
    the rig's size or a view is black, INVALID_TOOL for a mesh without texture, Cancelled when `stop` says so.
    """
    _require_views(video, rig)
    appearances = [appearance_of(tool) for tool in tools]
    counter = _Counter(progress, steps=len(tools) * len(video.top))
    with ThreadPoolExecutor(max_workers=max(1, len(tools))) as pool:
        futures = [pool.submit(_follow, video, rig, appearance, counter, stop) for appearance in appearances]
        observations = [future.result() for future in futures]
    observations = drop_doubles(appearances, observations)
    progress(1.0, "tools tracked")
    return [
        assemble(appearance.name, video.times_s, rig, seen)
        for appearance, seen in zip(appearances, observations, strict=True)
    ]


def working_depth_m(rig: Rig) -> tuple[float, float]:
    """Nearest and farthest depth of the tools in m, from where the cameras' optical axes come closest."""
    origin, axis = rig.top_from_side[:3, 3], rig.top_from_side[:3, 2]
    ahead = np.array([0.0, 0.0, 1.0])
    steepness = np.linalg.norm(np.cross(ahead, axis))
    if steepness < 0.05:
        raise DreamitateError(
            ErrorCode.INVALID_RIG,
            "the cameras of the rig look in the same direction; the tracker needs views that cross over the table:"
            " check 'top_from_side'",
        )
    crossing_m = float(np.linalg.lstsq(np.stack([ahead, -axis], axis=1), origin, rcond=None)[0][0])
    if crossing_m <= 0:
        raise DreamitateError(
            ErrorCode.INVALID_RIG,
            "the optical axes of the rig's cameras cross behind them; check 'top_from_side' (is it inverted?)",
        )
    return NEAREST * crossing_m, FARTHEST * crossing_m


def _follow(
    video: StereoVideo, rig: Rig, appearance: Appearance, counter: "_Counter", stop: Stop
) -> list[Observation]:
    depth_m = working_depth_m(rig)
    templates = make_templates(appearance, rig.top, depth_m, stop)
    levels = pyramid_depth(2 * appearance.radius_m * rig.top.K[0, 0] / float(np.mean(depth_m)))
    frames = [
        (
            Frame(rig.top, top, video.top[0], templates.size, levels),
            Frame(rig.side, side, video.side[0], templates.size, levels),
        )
        for top, side in zip(video.top, video.side, strict=True)
    ]

    def advanced(time: int) -> None:
        counter.step(f"{appearance.name} tool at time {time}")

    return Follower(appearance, templates, rig, frames, stop, advanced).follow()


class _Counter:
    """Adds up the steps of several threads for one progress report."""

    def __init__(self, progress: Progress, steps: int) -> None:
        self._progress, self._steps, self._done, self._lock = progress, steps, 0, Lock()

    def step(self, text: str) -> None:
        with self._lock:
            self._done += 1
            self._progress(min(0.99, self._done / self._steps), text)


def _require_views(video: StereoVideo, rig: Rig) -> None:
    for view, frames, camera in (("top", video.top, rig.top), ("side", video.side, rig.side)):
        _require_size(view, frames, camera)
        if frames.max() <= BLACK:
            raise DreamitateError(
                ErrorCode.CAMERA_MISMATCH,
                f"the {view} view is black at every time; both views must show the scene: check that camera's video",
            )


def _require_size(view: str, frames: Image, camera: Camera) -> None:
    if frames.shape[1:] != (camera.height, camera.width, 3):
        raise DreamitateError(
            ErrorCode.CAMERA_MISMATCH,
            f"the {view} view is {frames.shape[2]}x{frames.shape[1]} px but the rig is calibrated for"
            f" {camera.width}x{camera.height}; crop and resize the video, or use the rig it was made with",
        )

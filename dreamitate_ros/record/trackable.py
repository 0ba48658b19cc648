"""Can the tools be tracked in this take? The same question that the imagined video will be asked."""

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import av
import numpy as np

from dreamitate_ros.capture.framing import crop_image
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.rig import Rig
from dreamitate_ros.task import Task
from dreamitate_ros.tool import Tool
from dreamitate_ros.track.tracker import track_tools
from dreamitate_ros.values import Image, Progress, StereoVideo, Stop

NEEDED_SHARE = 0.7  # of the times of the clip at which each tool must be believed


def check_tracking(
    top: Path,
    side: Path,
    video_fps: float,
    task: Task,
    rig: Rig,
    tools: Mapping[str, Tool],
    progress: Progress,
    stop: Stop,
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Reasons to reject a take (none: good), and each tool's share of believed times and median confidence.

    Looks at the frames that a training clip takes from these videos. Raises UNREADABLE_VIDEO or Cancelled.
    """
    views = [_clip(path, video_fps, task, rig) for path in (top, side)]
    tracks = track_tools(StereoVideo(views[0], views[1], task.fps), rig, list(tools.values()), progress, stop)
    reasons, facts = [], {}
    for track in tracks:
        believed = track.present[1:] & (track.confidence[1:] >= task.confidence_gate)
        share, median = float(believed.mean()), float(np.median(track.confidence[1:]))
        facts[f"{track.tool}_believed"], facts[f"{track.tool}_confidence"] = round(share, 3), round(median, 3)
        if share < NEEDED_SHARE:
            reasons.append(
                f"the {track.tool} tool is found at {believed.sum()} of {believed.size} times; is it the tool of the"
                " task, held so that both cameras see it, and not covered by the hand?"
            )
    return tuple(reasons), facts


def _clip(path: Path, video_fps: float, task: Task, rig: Rig) -> Image:
    """(T, H, W, 3) the frames of a training clip; only they are kept in memory."""
    frames = itertools.islice(_cropped(path, rig), 1 + round(video_fps / task.fps) * (task.frames - 1))
    stride = max(1, round(video_fps / task.fps))
    chosen = [frame for index, frame in enumerate(frames) if index % stride == 0]
    if not chosen:
        raise DreamitateError(ErrorCode.UNREADABLE_VIDEO, f"the video {path} has no frames")
    return np.stack([*chosen, *[chosen[-1]] * (task.frames - len(chosen))])


def _cropped(path: Path, rig: Rig) -> Iterator[Image]:
    try:
        with av.open(str(path)) as container:
            for frame in container.decode(video=0):
                image = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
                yield crop_image(image, rig.top.width, rig.top.height)
    except av.FFmpegError as error:
        raise DreamitateError(
            ErrorCode.UNREADABLE_VIDEO, f"{path} is not a readable video: {error}"
        ) from None

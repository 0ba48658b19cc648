"""The release's layout of demonstrations: `path/to/top_video|||caption` a line; the side video lies beside it."""

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from dreamitate_ros.capture.framing import crop_image
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.clip import pack_clip
from dreamitate_ros.generate.video_file import read_frames
from dreamitate_ros.values import Image, StereoVideo

SEPARATOR = "|||"


@dataclass(frozen=True)
class Demonstration:
    """top, side: video files of one demonstration, of equal length. caption: what is done in it."""

    top: Path
    side: Path
    caption: str


def list_demonstrations(path: Path) -> list[Demonstration]:
    """The lines of a data set file; relative paths start at its folder.

    The side video's path is the top video's with `top` replaced by `side`.
    Raises DreamitateError that names the line: malformed, or pointing to a video that is not there.
    """
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, f"cannot read the data set {path}: {error}"
        ) from None
    found = [_demonstration(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]
    if not found:
        raise DreamitateError(ErrorCode.INVALID_PARAMETER, f"the data set {path} has no line")
    return found


def _demonstration(path: Path, number: int, line: str) -> Demonstration:
    name, separator, caption = (part.strip() for part in line.partition(SEPARATOR))
    if not (name and separator and caption) or "top" not in name:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"{path}, line {number}: must read path/to/top_video{SEPARATOR}caption, with 'top' in the path",
        )
    found = Demonstration(path.parent / name, path.parent / name.replace("top", "side"), caption)
    for video in (found.top, found.side):
        if not video.is_file():
            raise DreamitateError(
                ErrorCode.UNREADABLE_VIDEO, f"{path}, line {number}: there is no video {video}"
            )
    return found


def truth_path(demonstration: Demonstration) -> Path:
    """tracks/NAME.json of top/NAME.mp4: where the tools were, in a data set that knows it."""
    return demonstration.top.parent.parent / "tracks" / f"{demonstration.top.stem}.json"


def read_clip(demonstration: Demonstration, width: int, height: int, times: int, clip_fps: float) -> Image:
    """(2 times, height, width, 3) uint8 RGB: the packed clip of a demonstration, and the side view's photo last.

    A frame every round(video fps / clip_fps), from the start; a short video repeats its last frame.
    Raises DreamitateError where the views have different lengths or frame rates.
    """
    top, side = read_frames(demonstration.top), read_frames(demonstration.side)
    rates = _fps(demonstration.top), _fps(demonstration.side)
    if len(top) != len(side) or rates[0] != rates[1]:
        raise DreamitateError(
            ErrorCode.WRONG_CLIP_LENGTH,
            f"{demonstration.top} has {len(top)} frames at {rates[0]:g} fps but {demonstration.side} has"
            f" {len(side)} at {rates[1]:g}; both views must be recorded together",
        )
    chosen = clip_frames(len(top), rates[0], times, clip_fps)
    views = [np.stack([crop_image(view[i], width, height) for i in chosen]) for view in (top, side)]
    video = StereoVideo(views[0], views[1], clip_fps)
    return np.concatenate([pack_clip(video), video.side[:1]])


def clip_frames(length: int, video_fps: float, times: int, clip_fps: float) -> list[int]:
    """Indices of the frames that a clip takes from a video of `length` frames."""
    stride = max(1, round(video_fps / clip_fps))
    return [min(time * stride, length - 1) for time in range(times)]


def _fps(path: Path) -> float:
    with av.open(str(path)) as container:
        return float(container.streams.video[0].average_rate or 0)

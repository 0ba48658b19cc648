"""Video files: H.264 in mp4, which every browser plays."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.values import Image


def read_frames(path: Path) -> Image:
    """(N, H, W, 3) uint8 RGB frames of a video file; raises DreamitateError(UNREADABLE_VIDEO)."""
    if not path.is_file():
        raise DreamitateError(ErrorCode.UNREADABLE_VIDEO, f"the video {path} does not exist")
    try:
        with av.open(str(path)) as container:
            frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    except (av.FFmpegError, IndexError) as error:
        raise DreamitateError(
            ErrorCode.UNREADABLE_VIDEO, f"{path} is not a readable video: {error}"
        ) from None
    if not frames:
        raise DreamitateError(ErrorCode.UNREADABLE_VIDEO, f"the video {path} has no frames")
    return np.stack(frames)


def write_frames(path: Path, frames: Image, fps: float, crf: int = 16) -> None:
    """Write frames (N, H, W, 3) uint8 RGB; crf: H.264's quality, 0 is lossless and 51 the worst.

    Odd sizes lose their last row or column: H.264 with 4:2:0 chroma needs even ones.
    """
    height, width = frames.shape[1] // 2 * 2, frames.shape[2] // 2 * 2
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream(
            "libx264",
            rate=Fraction(fps).limit_denominator(1000),
            options={"crf": str(crf)},
        )
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in frames:
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame[:height, :width]), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())

"""How the video model packs two views into one clip; nothing else knows it.

A clip has 2 T - 1 frames (25 for T = 13): the top view at times 0..T-1, then the side view at times 1..T-1.
The side view at time 0 is its photo (paper, section 3.1, and the released data loader).
"""

import numpy as np

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.values import Image, StereoImage, StereoVideo


def unpack_clip(frames: Image, photos: StereoImage, fps: float, times: int = 13) -> StereoVideo:
    """The StereoVideo in frames (2 * times - 1, H, W, 3); photos are of the same size (H, W, 3).

    Raises DreamitateError: WRONG_CLIP_LENGTH or WRONG_CLIP_SIZE.
    """
    if len(frames) != 2 * times - 1:
        raise DreamitateError(
            ErrorCode.WRONG_CLIP_LENGTH,
            f"the clip has {len(frames)} frames; {times} times in two views make {2 * times - 1}"
            f" ({times} top frames, then {times - 1} side frames)",
        )
    if frames.shape[1:] != photos.top.shape or frames.shape[1:] != photos.side.shape:
        raise DreamitateError(
            ErrorCode.WRONG_CLIP_SIZE,
            f"the clip's frames are {_size(frames[0])} but the photos are {_size(photos.top)} (top) and"
            f" {_size(photos.side)} (side) px; all three must be what the rig is calibrated for",
        )
    return StereoVideo(
        top=frames[:times],
        side=np.concatenate([photos.side[None], frames[times:]]),
        fps=fps,
    )


def pack_clip(video: StereoVideo) -> Image:
    """(2 T - 1, H, W, 3) frames; the inverse of unpack_clip."""
    return np.concatenate([video.top, video.side[1:]])


def last_of_both_views(frames: Image) -> Image:
    """(H, 2 W, 3): the last time of a clip's frames (2 T - 1, H, W, 3), top | side."""
    return np.concatenate([frames[len(frames) // 2], frames[-1]], axis=1)


def _size(image: Image) -> str:
    return f"{image.shape[1]}x{image.shape[0]}"

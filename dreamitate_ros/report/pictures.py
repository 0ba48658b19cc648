"""Pictures and videos as data URLs: inside the page, small."""

import base64
import tempfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from dreamitate_ros.generate.video_file import read_frames, write_frames
from dreamitate_ros.report.record import video_fps
from dreamitate_ros.values import Image

JPEG_QUALITY = 86
PICTURE_WIDTH_PX = 640
VIDEO_WIDTH_PX = 960
VIDEO_CRF = 27
LONGEST_VIDEO_FRAMES = 400


@dataclass(frozen=True)
class Frame:
    """One imagined time: both views as data URLs."""

    time_s: float
    top: str
    side: str


def picture(image: Image, width: int = PICTURE_WIDTH_PX) -> str:
    """A JPEG data URL of (H, W, 3) uint8 RGB, at most `width` px wide."""
    data = cv2.imencode(
        ".jpg",
        cv2.cvtColor(_narrow(image, width), cv2.COLOR_RGB2BGR),
        [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY],
    )[1]
    return "data:image/jpeg;base64," + base64.b64encode(data.tobytes()).decode()


def picture_file(path: Path) -> str | None:
    """The picture in `path`; None when there is none."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
    if image is None:
        return None
    return picture(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8))


def contact_sheet(path: Path, count: int = 12) -> list[Frame]:
    """`count` times of a top | side video, the last ones: time 0 is the photo, shown anyway."""
    if not path.is_file():
        return []
    frames, fps = read_frames(path), video_fps(path)
    middle = frames.shape[2] // 2
    return [
        Frame(index / fps, picture(frames[index, :, :middle], 480), picture(frames[index, :, middle:], 480))
        for index in range(max(0, len(frames) - count), len(frames))
    ]


def video_file(path: Path) -> str | None:
    """An H.264 data URL of the video in `path`, made small; None when there is none."""
    if not path.is_file():
        return None
    frames, fps = read_frames(path), video_fps(path)
    step = -(-len(frames) // LONGEST_VIDEO_FRAMES)
    frames, fps = frames[::step], fps / step
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.mp4"
        write_frames(small, np.stack([_narrow(frame, VIDEO_WIDTH_PX) for frame in frames]), fps, VIDEO_CRF)
        return "data:video/mp4;base64," + base64.b64encode(small.read_bytes()).decode()


def _narrow(image: Image, width: int) -> Image:
    if image.shape[1] <= width:
        return image
    height = round(image.shape[0] * width / image.shape[1])
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)

"""A trial at a glance: the photo, what was imagined and tracked, and what the arms did, next to each other."""

from pathlib import Path

import cv2
import numpy as np

from dreamitate_ros import episode_files as files
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.generate.video_file import read_frames
from dreamitate_ros.values import Image

CELL_PX = (240, 140)  # width, height
IMAGINED, ACTED = 3, 4  # frames shown of each
LEAVING_SHARE = 0.75  # of the arms' video; then they go home


def strip(episode: Path) -> Image | None:
    """(H, W, 3) of as much as the episode holds; None where it holds no picture."""
    cells = [*_photo(episode / files.TOP), *_imagined(episode), *_acted(episode / files.EXECUTION_VIDEO)]
    return np.concatenate([_cell(image) for image in cells], axis=1) if cells else None


def _photo(path: Path) -> list[Image]:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR) if path.is_file() else None
    return [] if image is None else [np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)]


def _imagined(episode: Path) -> list[Image]:
    """The top view, with the tools drawn in where they were tracked."""
    overlay = episode / files.OVERLAY
    frames = _frames(overlay if overlay.is_file() else episode / files.IMAGINED)
    return [frames[at][:, : frames.shape[2] // 2] for at in _spread(len(frames), 0.35, 1.0, IMAGINED)]


def _acted(path: Path) -> list[Image]:
    frames = _frames(path)
    return [_table(frames[at]) for at in _spread(len(frames), 0.25, LEAVING_SHARE, ACTED)]


def _table(overview: Image) -> Image:
    """The part of the overview where the tools work."""
    height, width = overview.shape[:2]
    return overview[int(0.24 * height) : int(0.79 * height), int(0.23 * width) : int(0.77 * width)]


def _frames(path: Path) -> Image:
    try:
        return read_frames(path)
    except DreamitateError:  # a trial that failed has only the first of them
        return np.zeros((0, 2, 2, 3), np.uint8)


def _spread(length: int, first: float, last: float, count: int) -> list[int]:
    return [round(share * (length - 1)) for share in np.linspace(first, last, count)] if length else []


def _cell(image: Image) -> Image:
    """The image's middle, at CELL_PX."""
    width, height = CELL_PX
    scale = max(width / image.shape[1], height / image.shape[0])
    wide, high = round(width / scale), round(height / scale)
    left, top = (image.shape[1] - wide) // 2, (image.shape[0] - high) // 2
    cut = image[top : top + high, left : left + wide]
    return np.asarray(cv2.resize(cut, CELL_PX, interpolation=cv2.INTER_AREA), dtype=np.uint8)

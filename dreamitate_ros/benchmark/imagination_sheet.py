"""The contact sheet: of each scene and view the photo, what was imagined and what the expert does at these times."""

from pathlib import Path

import cv2
import numpy as np

from dreamitate_ros.values import Image, StereoVideo

CELL_PX = (192, 112)  # width, height
SHARES = (0.35, 0.6, 0.85)  # of the video, at which both are shown
GAP_PX = 6


def scene_rows(imagined: StereoVideo, demonstrated: StereoVideo) -> Image:
    """(h, w, 3) a row for the top view, one for the side view: photo | imagined | demonstrated."""
    views = ((imagined.top, demonstrated.top), (imagined.side, demonstrated.side))
    return np.concatenate([_row(ours, expert) for ours, expert in views])


def write_sheet(path: Path, scenes: list[Image]) -> None:
    """The rows of all scenes below each other, as a JPEG; raises OSError where it cannot be written."""
    between = np.full((GAP_PX, scenes[0].shape[1], 3), 255, np.uint8)
    sheet = np.concatenate([part for rows in scenes for part in (rows, between)])
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88]):
        raise OSError(f"cannot write {path}")


def _row(imagined: Image, demonstrated: Image) -> Image:
    times = [round(share * (len(imagined) - 1)) for share in SHARES]
    gap = np.full((CELL_PX[1], GAP_PX, 3), 255, np.uint8)
    ours, expert = ([_cell(frames[time]) for time in times] for frames in (imagined, demonstrated))
    return np.concatenate([_cell(imagined[0]), gap, *ours, gap, *expert], axis=1)


def _cell(frame: Image) -> Image:
    return np.asarray(cv2.resize(frame, CELL_PX, interpolation=cv2.INTER_AREA), dtype=np.uint8)

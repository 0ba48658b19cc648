"""One picture of an episode: what was imagined and tracked above, what the arms did with it below."""

from pathlib import Path

import cv2
import numpy as np

from dreamitate_ros import episode_files as files
from dreamitate_ros.generate.video_file import read_frames
from dreamitate_ros.report.record import video_fps
from dreamitate_ros.values import Image

COLUMNS = 4
SIZE_PX = (480, 280)  # width, height of one cell
GAP_PX = 6


def write_summary(folder: Path) -> Path | None:
    """summary.png in an episode folder; None when nothing was imagined or nothing moved."""
    overlay, execution, plan = (
        folder / name for name in (files.OVERLAY, files.EXECUTION_VIDEO, files.PLANNED)
    )
    if not (overlay.is_file() and execution.is_file() and plan.is_file()):
        return None
    imagined = read_frames(overlay)
    imagined = imagined[3:, :, : imagined.shape[2] // 2]
    path = folder / files.SUMMARY
    sheet = np.concatenate([_row(_spread(imagined)), _row(_spread(_in_contact(execution, plan)))])
    cv2.imwrite(str(path), cv2.cvtColor(sheet[:-GAP_PX], cv2.COLOR_RGB2BGR))
    return path


def _in_contact(execution: Path, plan: Path) -> Image:
    """The frames of the arms' video from the start of the tracked path to its end; it begins with the motion."""
    frames, fps = read_frames(execution), video_fps(execution)
    trajectories = files.read_plan(plan).values()
    start_s = min(trajectory.contact_s[0] for trajectory in trajectories)
    end_s = max(trajectory.contact_s[1] for trajectory in trajectories)
    chosen = frames[int(start_s * fps) : int(end_s * fps) + 2]
    return chosen if len(chosen) else frames


def _spread(frames: Image) -> list[Image]:
    return [frames[index] for index in np.linspace(0, len(frames) - 1, COLUMNS).round().astype(int)]


def _row(frames: list[Image]) -> Image:
    cells = [
        np.pad(_cell(frame), ((0, GAP_PX), (0, GAP_PX), (0, 0)), constant_values=255) for frame in frames
    ]
    return np.concatenate(cells, axis=1)[:, :-GAP_PX]


def _cell(frame: Image) -> Image:
    """The frame cut about its centre to the cell's aspect, and scaled to it."""
    width, height = SIZE_PX
    scale = max(width / frame.shape[1], height / frame.shape[0])
    wide, high = round(width / scale), round(height / scale)
    left, top = (frame.shape[1] - wide) // 2, (frame.shape[0] - high) // 2
    cut = frame[top : top + high, left : left + wide]
    return np.asarray(cv2.resize(cut, SIZE_PX, interpolation=cv2.INTER_AREA), dtype=np.uint8)

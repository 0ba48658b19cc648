"""Tracks on disk: JSON that a person can read and other programs can score.

    {"tools": {"left": [{"time": 4, "top_from_tool": [[4x4]], "confidence": 0.93, "observed": true,
                         "residuals_px": [2.1, 1.9], "sigma": [6 numbers]}, ...], "right": [...]},
     "times": 13, "fps": 6.0}

`time` is the index of the frame in its view; times without a pose are left out; metres; residual null: not measured.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.geometry import is_rigid
from dreamitate_ros.values import Array, ToolTrack

DEFAULT_TIMES = 13


def write_tracks(path: Path, tracks: Sequence[ToolTrack]) -> None:
    """Write the tracks of one video."""
    times_s = tracks[0].times_s if tracks else np.zeros(0)
    content = {
        "tools": {track.tool: _poses(track) for track in tracks},
        "times": len(times_s),
        "fps": float(1.0 / (times_s[1] - times_s[0])) if len(times_s) > 1 else None,
    }
    path.write_text(json.dumps(content, indent=1) + "\n")


def read_tracks(path: Path, fps: float) -> list[ToolTrack]:
    """The tracks in a file, timed at `fps`; raises DreamitateError(INVALID_PARAMETER) naming what is wrong."""
    try:
        content = json.loads(path.read_text())
        tools = dict(content["tools"])
        count = int(content.get("times", DEFAULT_TIMES))
        return [_track(tool, poses, np.arange(count) / fps) for tool, poses in tools.items()]
    except FileNotFoundError:
        raise _invalid(f"the tracks file {path} does not exist") from None
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise _invalid(
            f"{path} is not a tracks file as `dreamitate track` writes it: {type(error).__name__}: {error}"
        ) from None


def _invalid(message: str) -> DreamitateError:
    return DreamitateError(ErrorCode.INVALID_PARAMETER, message)


def _poses(track: ToolTrack) -> list[dict[str, Any]]:
    return [
        {
            "time": int(time),
            "top_from_tool": track.top_from_tool[time].tolist(),
            "confidence": round(float(track.confidence[time]), 4),
            "observed": bool(track.observed[time]),
            "residuals_px": [_number(value, 3) for value in track.residuals_px[time]],
            "sigma": [_number(value, 6) for value in track.sigma[time]],
        }
        for time in np.flatnonzero(track.present)
    ]


def _number(value: float, digits: int) -> float | None:
    return round(float(value), digits) if np.isfinite(value) else None


def _track(tool: str, poses: list[dict[str, Any]], times_s: Array) -> ToolTrack:
    count = len(times_s)
    top_from_tool, confidence = np.full((count, 4, 4), np.nan), np.zeros(count)
    observed, residuals_px = np.zeros(count, dtype=bool), np.full((count, 2), np.nan)
    sigma = np.full((count, 6), np.nan)
    for pose in poses:
        time, matrix = int(pose["time"]), np.asarray(pose["top_from_tool"], dtype=float)
        if not 0 <= time < count:
            raise ValueError(f"time {time} of tool '{tool}' is not within 0..{count - 1}")
        if matrix.shape != (4, 4) or not is_rigid(matrix):
            raise ValueError(f"top_from_tool of tool '{tool}' at time {time} is not a rigid 4x4 transform")
        top_from_tool[time], confidence[time] = matrix, float(pose["confidence"])
        observed[time] = bool(pose.get("observed", True))
        residuals_px[time] = _numbers(pose.get("residuals_px", [None] * 2))
        sigma[time] = _numbers(pose.get("sigma", [None] * 6))
    return ToolTrack(tool, times_s, top_from_tool, confidence, observed, residuals_px, sigma)


def _numbers(values: list[float | None]) -> list[float]:
    return [np.nan if value is None else float(value) for value in values]

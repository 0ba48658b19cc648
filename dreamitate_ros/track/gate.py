"""Whether tracks may move an arm: the last check before a plan is made."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.values import ToolTrack

FEWEST_TIMES = 6  # observed poses that make a path worth acting out
LONGEST_LOSS = 2  # times in a row, between the first and the last good one, that may go without a good pose


def require_confident(tracks: Sequence[ToolTrack], gate: float) -> None:
    """Pass only when every tool was followed well. gate: 0..1, the least confidence of a good pose.

    Raises DreamitateError: TRACKING_LOST when a tool was seen at fewer than FEWEST_TIMES times, or not at the end;
    LOW_CONFIDENCE when too few poses, or too many in a row, are below the gate. Both name the tool and the times.
    """
    for track in tracks:
        _require_seen(track)
        _require_good(track, track.present & (track.confidence >= gate), gate)


def _require_seen(track: ToolTrack) -> None:
    seen, last = np.flatnonzero(track.observed), len(track.times_s) - 1
    if len(seen) == 0:
        raise _lost(
            f"the {track.tool} tool was not found in the video at any time; is it this tool's video and rig?"
        )
    if len(seen) < min(FEWEST_TIMES, last):
        raise _lost(
            f"the {track.tool} tool was found at only {len(seen)} of {last + 1} times ({_list(seen)});"
            f" at least {min(FEWEST_TIMES, last)} are needed: generate another video"
        )
    if last - seen[-1] > LONGEST_LOSS:
        raise _lost(
            f"the {track.tool} tool was lost after time {seen[-1]} of {last}; its path has no end:"
            " generate another video"
        )


def _require_good(track: ToolTrack, good: NDArray[np.bool_], gate: float) -> None:
    times = np.flatnonzero(good)
    needed = min(FEWEST_TIMES, len(good) - 1)
    poor = np.flatnonzero(track.present & ~good)
    detail = f"{_list(poor)} (confidence {', '.join(f'{track.confidence[t]:.2f}' for t in poor)})"
    if len(times) < needed:
        raise _low(
            f"only {len(times)} poses of the {track.tool} tool reach the confidence gate of {gate:g}, {needed} are"
            f" needed; below it: times {detail}"
        )
    longest = int(np.diff(times).max()) - 1
    if longest > LONGEST_LOSS:
        raise _low(
            f"the {track.tool} tool has no pose above the confidence gate of {gate:g} for {longest} times in a row;"
            f" below it: times {detail}"
        )


def _lost(message: str) -> DreamitateError:
    return DreamitateError(ErrorCode.TRACKING_LOST, message)


def _low(message: str) -> DreamitateError:
    return DreamitateError(ErrorCode.LOW_CONFIDENCE, message)


def _list(times: NDArray[np.int64]) -> str:
    return ", ".join(str(time) for time in times) or "none"

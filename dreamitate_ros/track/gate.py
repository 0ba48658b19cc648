"""Whether tracks may move an arm: the last check before a plan is made."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.geometry import angle_rad, inverse
from dreamitate_ros.values import ToolTrack

FEWEST_TIMES = 6  # observed poses that make a path worth acting out
LONGEST_LOSS = 2  # times in a row, between the first and the last good one, that may go without a good pose
HOPELESS = 0.4  # of the gate: a median confidence below that is no matter of doubt
APART_PX = 8.0  # between the views
FASTEST_M_S, FASTEST_RAD_S = 2.0, 12.0  # between two good poses: no hand is faster, a mistaken pose is


def require_confident(tracks: Sequence[ToolTrack], gate: float) -> None:
    """Pass only when every tool was followed well. gate: 0..1, the least confidence of a good pose.

    Raises DreamitateError, naming the tool and the times: TRACKING_LOST when a tool was seen at fewer than
    FEWEST_TIMES times or not at the end, when it jumps from one time to the next, or when what was seen is hardly it
    (another shape, views that contradict each other); LOW_CONFIDENCE when too few poses, or too many in a row, are
    below the gate.
    """
    for track in tracks:
        _require_seen(track)
        good = track.present & (track.confidence >= gate)
        _require_good(track, good, gate)
        _require_no_jump(track, np.flatnonzero(good))


def _require_seen(track: ToolTrack) -> None:
    seen, last = np.flatnonzero(track.observed), len(track.times_s) - 1
    if len(seen) == 0:
        raise _lost(
            f"the {track.tool} tool was not found in the video at any time: no pose of its mesh agrees with both views;"
            " is it this tool's video and rig?"
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
    if len(times) < needed and np.median(track.confidence[track.observed]) < HOPELESS * gate:
        raise _lost(f"what moves in the video is not the {track.tool} tool at times {_poor(track, poor)}")
    if len(times) < needed:
        raise _low(
            f"only {len(times)} poses of the {track.tool} tool reach the confidence gate of {gate:g}, {needed} are"
            f" needed; below it: times {_poor(track, poor)}"
        )
    longest = int(np.diff(times).max()) - 1
    if longest > LONGEST_LOSS:
        raise _low(
            f"the {track.tool} tool has no pose above the confidence gate of {gate:g} for {longest} times in a row;"
            f" below it: times {_poor(track, poor)}"
        )


def _poor(track: ToolTrack, poor: NDArray[np.int64]) -> str:
    """Which poses are below the gate, by how much, and why."""
    confidences = ", ".join(f"{track.confidence[time]:.2f}" for time in poor)
    return f"{_list(poor)} (confidence {confidences}): {_cause(track, poor)}"


def _cause(track: ToolTrack, poor: NDArray[np.int64]) -> str:
    """What the poor poses have in common, in words that say what to do."""
    apart_px = np.nansum(track.residuals_px[poor], axis=1)
    if np.median(apart_px) > APART_PX:
        return (
            f"the views show it {np.median(apart_px):.0f} px apart, which cannot be one scene; check that they are of"
            " one moment, not swapped, and of this rig, or generate another video"
        )
    return (
        "it does not look like its mesh there: covered, blurred or of another shape; generate another video"
    )


def _require_no_jump(track: ToolTrack, times: NDArray[np.int64]) -> None:
    for before, after in pairwise(times):
        passed_s = float(track.times_s[after] - track.times_s[before])
        between = inverse(track.top_from_tool[before]) @ track.top_from_tool[after]
        moved_m, turned_rad = float(np.linalg.norm(between[:3, 3])), float(angle_rad(between))
        if moved_m > FASTEST_M_S * passed_s or turned_rad > FASTEST_RAD_S * passed_s:
            raise _lost(
                f"the {track.tool} tool jumps by {1000 * moved_m:.0f} mm and {np.degrees(turned_rad):.0f} deg between"
                f" times {before} and {after}; no hand moves like that: generate another video"
            )


def _lost(message: str) -> DreamitateError:
    return DreamitateError(ErrorCode.TRACKING_LOST, message)


def _low(message: str) -> DreamitateError:
    return DreamitateError(ErrorCode.LOW_CONFIDENCE, message)


def _list(times: NDArray[np.int64]) -> str:
    return ", ".join(str(time) for time in times) or "none"

"""How far the tracks of an imagined video can be believed to be a task done: four figures of 0..1, or a refusal.

They see the tools only. That the tool meets the object, and that the object then moves as it should, nobody checks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.collision import lowest_point_m
from dreamitate_ros.execute.heights import LARGEST_LIFT_M
from dreamitate_ros.execute.retarget import believed
from dreamitate_ros.rig import Rig
from dreamitate_ros.task import Task
from dreamitate_ros.tool import Tool
from dreamitate_ros.track.views_apart import views_apart_px
from dreamitate_ros.values import ToolTrack


@dataclass(frozen=True)
class Scale:
    """fine: up to here nothing speaks against a dream. worst: from here on everything does."""

    fine: float
    worst: float

    def score(self, value: float) -> float:
        """1 up to fine, 0 from worst on, in between on a straight line."""
        return float(np.clip((self.worst - value) / (self.worst - self.fine), 0.0, 1.0))


APART_PX = Scale(fine=8.0, worst=16.0)
"""Between the views, at 768 px of width: 4 are 7 mm of depth. Good videos of the original model have 3 to 8."""

FLOATING_M = Scale(fine=0.01, worst=0.06)
"""Over the task's contact_height_m, at the lowest. The oracle's tools come down to 0.006 over the table."""

SUNK_M = Scale(fine=0.01, worst=LARGEST_LIFT_M)
"""Into the table, at the lowest; the plan cures that by raising the path, up to its own limit."""

LEAVING_M_S = Scale(fine=0.2, worst=0.6)
"""At the end of the path. In those videos tools approach at 0.4 to 0.9 and end at 0.01 to 0.03; pushing, 0.1 to 0.3."""


def judge(tracks: Sequence[ToolTrack], task: Task, rig: Rig, tools: Mapping[str, Tool]) -> dict[str, float]:
    """Name -> 0..1, each of the tool that does worst; 1 where nothing speaks against acting the tracks out.

    confidence: mean from the tool's first believed time to the video's end; 1 from midway between the gate and 1 on.
    agreement: of the two views, by the median of how far apart they show it (APART_PX).
    contact: by how far the tool stays above the task's contact_height_m, or how deep it is in the table, where it is
    lowest (FLOATING_M, SUNK_M). Views that are apart along the line between the cameras agree, on a wrong depth.
    rest: by its speed at the end (LEAVING_M_S): a video that shows a whole task ends when it is done.

    tracks: of the task's tools, gated (track/gate.py). tools: arm -> Tool.
    Raises LOW_CONFIDENCE for less than two believed poses, INVALID_RIG, and IMPLAUSIBLE for views or a speed at the
    worst of their scale, or where every tool floats that high.
    """
    good = believed(tracks, task)
    names = {track.tool for track in good.values()}
    confidence = min(_confidence(track, task) for track in tracks if track.tool in names)
    apart_px = {arm: _apart_px(track, rig) for arm, track in good.items()}
    leaving_m_s = {arm: _leaving_m_s(track) for arm, track in good.items()}
    lowest_m = {arm: _lowest_m(arm, track, rig, tools[arm]) for arm, track in good.items()}
    floating_m = {arm: height_m - task.contact_height_m for arm, height_m in lowest_m.items()}
    _require_agreement(apart_px)
    _require_end(leaving_m_s)
    _require_contact(floating_m, task)
    contact = min(FLOATING_M.score(max(floating_m.values())), SUNK_M.score(-min(lowest_m.values())))
    sureness = Scale(fine=(1.0 - task.confidence_gate) / 2, worst=1.0)
    return {
        "confidence": sureness.score(1.0 - confidence),
        "agreement": APART_PX.score(max(apart_px.values())),
        "contact": contact,
        "rest": LEAVING_M_S.score(max(leaving_m_s.values())),
    }


def _confidence(track: ToolTrack, task: Task) -> float:
    first = int(np.flatnonzero(track.present & (track.confidence >= task.confidence_gate))[0])
    return float(track.confidence[first:].mean())


def _apart_px(track: ToolTrack, rig: Rig) -> float:
    """0 where no time was measured in both views."""
    apart_px = views_apart_px(track, rig.top.width)
    return float(np.median(apart_px)) if len(apart_px) else 0.0


def _leaving_m_s(track: ToolTrack) -> float:
    last, end = track.top_from_tool[-2:, :3, 3]
    return float(np.linalg.norm(end - last) / (track.times_s[-1] - track.times_s[-2]))


def _lowest_m(arm: str, track: ToolTrack, rig: Rig, tool: Tool) -> float:
    world_from_top = rig.world_from_base(arm) @ rig.base_from_top[arm]
    return float(lowest_point_m(tool, world_from_top @ track.top_from_tool).min())


def _require_agreement(apart_px: Mapping[str, float]) -> None:
    for arm, value in apart_px.items():
        if value >= APART_PX.worst:
            raise _implausible(
                f"the views show the {arm} tool {value:.0f} px apart, at most {APART_PX.worst:g} may be one scene"
            )


def _require_end(leaving_m_s: Mapping[str, float]) -> None:
    for arm, value in leaving_m_s.items():
        if value >= LEAVING_M_S.worst:
            raise _implausible(
                f"the {arm} tool still moves at {value:.2f} m/s at the video's end, below {LEAVING_M_S.worst:g} is"
                " expected: the video breaks off in the middle of the motion"
            )


def _require_contact(floating_m: Mapping[str, float], task: Task) -> None:
    nearest = min(floating_m, key=lambda arm: floating_m[arm])
    if floating_m[nearest] >= FLOATING_M.worst:
        height_m = floating_m[nearest] + task.contact_height_m
        raise _implausible(
            f"no tool comes down to anything: the {nearest} one stays {1e3 * height_m:.0f} mm above the table; the"
            f" task's contact_height_m says that tools at work come down to {1e3 * task.contact_height_m:.0f} mm"
        )


def _implausible(message: str) -> DreamitateError:
    return DreamitateError(ErrorCode.IMPLAUSIBLE, message + ": imagine another video")

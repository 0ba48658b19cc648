"""From what was seen at each time to a track: doubles dropped, all times fitted together, confidence given."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from dreamitate_ros.geometry import apply
from dreamitate_ros.rig import Rig
from dreamitate_ros.track.appearance import Appearance
from dreamitate_ros.track.confidence import Measured, confidence_of
from dreamitate_ros.track.joint import Pose, Views
from dreamitate_ros.track.look import UNSEEN, look
from dreamitate_ros.track.observer import Observation
from dreamitate_ros.track.smooth import Path, Sight, picture_moved_rad, smooth
from dreamitate_ros.track.views_apart import REFERENCE_WIDTH_PX
from dreamitate_ros.values import Array, ToolTrack

BETWEEN = 0.7  # share of its neighbours' confidence that a pose between them keeps, for each time of distance
BEYOND = 0.4  # and one past the last sighting: less than any gate should let through


@dataclass(frozen=True)
class Candidate:
    """One tool and what was seen of it at every time. margin: how surely it is held that way up, see upright.WayUp."""

    appearance: Appearance
    seen: list[Observation | None]
    margin: float


def drop_doubles(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Where two tools claim the same place, only the one that looks more like it keeps it."""
    seen = [list(candidate.seen) for candidate in candidates]
    for a in range(len(seen)):
        for b in range(a + 1, len(seen)):
            for time, (one, other) in enumerate(zip(seen[a], seen[b], strict=True)):
                if one is None or other is None:
                    continue
                if not _overlap(candidates[a].appearance, one, candidates[b].appearance, other):
                    continue
                seen[a if one.agreement < other.agreement else b][time] = None
    return [replace(candidate, seen=kept) for candidate, kept in zip(candidates, seen, strict=True)]


def _overlap(a: Appearance, one: Observation, b: Appearance, other: Observation) -> bool:
    """Whether the two tools would be inside each other: two solid tools cannot."""
    first, second = (
        apply(observation.pose.top_from_tool, appearance.center_m[None])[0]
        for appearance, observation in ((a, one), (b, other))
    )
    return bool(np.linalg.norm(first - second) < 0.3 * (a.radius_m + b.radius_m))


def assemble(candidate: Candidate, rig: Rig, times_s: Array) -> ToolTrack:
    """The track of one tool, with its confidence; seen has one entry per time."""
    track, facts = examine(candidate, rig, times_s)
    for time, fact in enumerate(facts):
        if fact is not None:
            track.confidence[time] = confidence_of(fact, candidate.appearance.family)
    _fade(track)
    return track


def examine(candidate: Candidate, rig: Rig, times_s: Array) -> tuple[ToolTrack, list[Measured | None]]:
    """The track without its confidence, and what there is to judge it by, at every observed time."""
    appearance, count = candidate.appearance, len(candidate.seen)
    sights = [None if seen is None else Sight(seen.pose, _believed(seen)) for seen in candidate.seen]
    step_s = float(times_s[1] - times_s[0])
    path = smooth(appearance, rig, sights, step_s)
    poses, residuals = np.full((count, 4, 4), np.nan), np.full((count, 2), np.nan)
    facts: list[Measured | None] = [None] * count
    for time, (pose, sight) in enumerate(zip(path.poses, sights, strict=True)):
        if pose is None:
            continue
        poses[time] = pose.top_from_tool
        if sight is not None:
            residuals[time] = [_residual_px(appearance, rig, pose, view, sight) for view in (0, 1)]
            facts[time] = _facts(appearance, rig, path, time, pose, sight, residuals[time], candidate.margin)
    observed = np.array([fact is not None for fact in facts])
    return ToolTrack(appearance.name, times_s, poses, np.zeros(count), observed, residuals, path.sigma), facts


def _believed(seen: Observation) -> Views:
    top, side = (view if good else None for view, good in zip(seen.views, seen.believed, strict=True))
    return top, side


def _residual_px(appearance: Appearance, rig: Rig, pose: Pose, view: int, sight: Sight) -> float:
    """Rms distance in that view between where the pose puts the tool and where the view shows it."""
    if sight.views[view] is None:
        return float("nan")
    focal_px = (rig.top, rig.side)[view].K[0, 0]
    return picture_moved_rad(appearance, rig, pose, view) * float(focal_px)


def _facts(
    appearance: Appearance, rig: Rig, path: Path, time: int, pose: Pose, sight: Sight, residual_px: Array,
    margin: float,
) -> Measured:  # fmt: skip
    looks = [
        UNSEEN if level is None else look(appearance, level, pose.in_view(rig, appearance.center_m, view))
        for view, level in enumerate(sight.views)
    ]
    apart_px = float(np.nansum(residual_px)) * REFERENCE_WIDTH_PX / rig.top.width
    return Measured(min(look.agreement for look in looks), apart_px, float(path.alone[time]), margin)


def _fade(track: ToolTrack) -> None:
    """Give poses without evidence part of the confidence of the nearest observed ones, in place."""
    known = np.flatnonzero(track.observed)
    for time in np.flatnonzero(track.present & ~track.observed):
        before, after = known[known < time], known[known > time]
        ends = [int(end) for end in (*before[-1:], *after[:1])]
        share = BEYOND if len(ends) == 1 else BETWEEN ** min(abs(time - end) for end in ends)
        track.confidence[time] = share * min(track.confidence[end] for end in ends)

"""One tool through the whole video: found once with no hint, then followed to the first and the last time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dreamitate_ros.geometry import interpolate, inverse
from dreamitate_ros.track.joint import Pose
from dreamitate_ros.track.observer import FEW_GUESSES, Observation, Observer
from dreamitate_ros.track.upright import half_turns, turn_rad, way_up

SEED_TIMES = (0.75, 0.5, 1.0, 0.35)  # where in the video the tool is first looked for
GLIMPSE = 0.42  # agreement of a first sighting: colours not yet seen in the video may be a hand's too
DROP = 0.12  # of the agreement from one time to the next, from which the tool is searched for anew
DOUBT = 0.04  # below the usual agreement of its video, from which a time is looked at once more
LEAP_RAD = np.radians(8)  # from half-way between the neighbours in time, from which a pose is doubted
TIE = 0.015  # of agreement, within which a pose that fits in with its neighbours is preferred
VOTES = 4  # times that decide which way up the tool is held
OVER_RAD = np.radians(120)  # between neighbours in time: one of them is taken upside down
UPSIDE_DOWN = 0.05  # of agreement, that the outline of the one that is may be better by

Seen = list[Observation | None]
"""What was seen at every time; None where the tool was not."""


@dataclass(frozen=True)
class Followed:
    """seen: at every time. margin: how surely this way up, see upright.WayUp."""

    seen: Seen
    margin: float


def follow(observer: Observer, advanced: Callable[[str], None]) -> Followed:
    """Find the tool and follow it. advanced: told of every stage that is done."""
    seed = _seed(observer)
    advanced("searching")
    if seed is None:
        return Followed([None] * len(observer.footage.video.top), float("inf"))
    observer, time, found = seed
    seen = _followed(observer, time, found, advanced)
    if observer.footage.appearance.textured:
        return Followed(_second_look(observer, seen), float("inf"))
    way = way_up(observer, _best(seen, VOTES))
    if not np.allclose(way.turn, np.eye(4)):
        seen = [
            None if one is None else observer.turned(time, one, way.turn) for time, one in enumerate(seen)
        ]
    return Followed(_second_look(observer, seen), way.margin)


def _best(seen: Seen, most: int) -> list[tuple[int, Observation]]:
    """The times at which the tool is seen best."""
    known = [(time, one) for time, one in enumerate(seen) if one is not None]
    return sorted(known, key=lambda each: -each[1].agreement)[:most]


def _seed(observer: Observer) -> tuple[Observer, int, Observation] | None:
    """The first time at which both views see the tool, and an observer that knows its colours from there.

    The first look has the mesh's colours alone to go by; a silhouette needs to know those of the video well.
    """
    last = len(observer.footage.video.top) - 1
    for time in dict.fromkeys(max(1, round(share * last)) for share in SEED_TIMES):
        found = observer.search(observer.footage.at(time), None)
        if found is None or found.agreement < GLIMPSE:
            continue
        knowing = observer
        for _ in range(1 if observer.footage.appearance.textured else 2):
            knowing, found = _learned(knowing, time, found)
        if all(found.believed):
            return knowing, time, found
    return None


def _learned(observer: Observer, time: int, found: Observation) -> tuple[Observer, Observation]:
    """One that knows the tool's colours from where it was found, and where it finds the tool then."""
    observer = replace(observer, footage=observer.footage.learned(time, found.pose.top_from_tool))
    frames = observer.footage.at(time)
    turns = [np.eye(4), *half_turns(observer.footage.appearance)]
    again = [observer.turned(time, found, turn) for turn in turns]
    if not observer.footage.appearance.textured:
        again.append(observer.search(frames, None, FEW_GUESSES))
    seen = [one for one in again if one is not None]
    return observer, max(seen, key=lambda one: one.agreement, default=found)


def _followed(observer: Observer, time: int, found: Observation, advanced: Callable[[str], None]) -> Seen:
    """From one time to the last, and back to the first."""
    result: Seen = [None] * len(observer.footage.video.top)
    result[time] = found
    for path in (range(time + 1, len(result)), range(time - 1, 0, -1)):
        previous = [found]
        for current in path:
            hints = _hints([one.pose for one in previous])
            near = result[current - path.step] is not None
            seen = result[current] = observer.observe(current, hints, previous[-1].agreement - DROP, near)
            advanced(f"following: time {current}")
            if seen is not None:
                previous.append(seen)
    return result


def _hints(previous: list[Pose]) -> list[Pose]:
    """Where it was, and where it would be going on as before."""
    if len(previous) < 2:
        return previous
    before, last = (pose.top_from_tool for pose in previous[-2:])
    return [previous[-1], Pose(last @ inverse(before) @ last, previous[-1].own)]


def _second_look(observer: Observer, seen: Seen) -> Seen:
    """The same, with doubtful times looked at once more, from where their neighbours in time are by now."""
    result = list(seen)
    usual = float(np.median([one.agreement for one in seen if one is not None]))
    for time in range(1, len(seen)):
        hint, old = _expected(result[time - 1 : time + 2 : 2]), result[time]
        if hint is None or (old is not None and not _doubtful(observer, old, hint, usual)):
            continue
        new = observer.refine(observer.footage.at(time, hint.top_from_tool), [hint])
        if new is not None and all(new.believed) and (old is None or _better(observer, new, old)):
            result[time] = new
    return result


def _better(observer: Observer, new: Observation, old: Observation) -> bool:
    """Whether one that fits in with its neighbours in time is to be preferred."""
    apart_rad = turn_rad(observer.footage.appearance.symmetry, new.pose.top_from_tool, old.pose.top_from_tool)
    return new.agreement > old.agreement - (UPSIDE_DOWN if apart_rad > OVER_RAD else TIE)


def _expected(around: Sequence[Observation | None]) -> Pose | None:
    """Half-way between the neighbours in time, or where the only one is."""
    poses = [one.pose for one in around if one is not None]
    if len(poses) < 2:
        return poses[0] if poses else None
    stacked = np.stack([pose.top_from_tool for pose in poses])
    middle = interpolate(np.array([0.0, 1.0]), stacked, np.array([0.5]))[0]
    return Pose(middle, (poses[0].own + poses[1].own) / 2)


def _doubtful(observer: Observer, old: Observation, hint: Pose, usual: float) -> bool:
    apart_rad = turn_rad(observer.footage.appearance.symmetry, old.pose.top_from_tool, hint.top_from_tool)
    return old.agreement < usual - DOUBT or apart_rad > LEAP_RAD

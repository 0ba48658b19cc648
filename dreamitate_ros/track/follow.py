"""One tool through the whole video: found once with no hint, then followed to the first and the last time."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from dreamitate_ros.geometry import angle_rad, interpolate, inverse, transform
from dreamitate_ros.tool import Symmetry
from dreamitate_ros.track.joint import Pose
from dreamitate_ros.track.observer import FEW_GUESSES, FOUND, Observation, Observer
from dreamitate_ros.values import Array

SEED_TIMES = (0.75, 0.5, 1.0, 0.35)  # where in the video the tool is first looked for
DROP = 0.12  # of the agreement from one time to the next, from which the tool is searched for anew
DOUBT = 0.04  # below the usual agreement of its video, from which a time is looked at once more
LEAP_RAD = np.radians(8)  # from half-way between the neighbours in time, from which a pose is doubted
TIE = 0.015  # of agreement, within which a pose that fits in with its neighbours is preferred
VOTES = 4  # times that decide whether the tool is held the other way up
SAME_RAD = np.radians(5)

Seen = list[Observation | None]
"""What was seen at every time; None where the tool was not."""


def follow(observer: Observer, advanced: Callable[[str], None]) -> Seen:
    """Find the tool and follow it. advanced: told of every stage that is done."""
    seed = _seed(observer)
    if seed is None:
        advanced("searching")
        return [None] * len(observer.footage.video.top)
    time, found = seed
    # the first look had the mesh's colours alone to go by; a silhouette needs to know those of the video well
    for _ in range(1 if observer.footage.appearance.textured else 2):
        observer, found = _learned(observer, time, found)
    advanced("searching")
    seen = _second_look(observer, _followed(observer, time, found, advanced))
    turned = _held_the_other_way(observer, seen)
    if turned is not None:
        seen = _second_look(observer, _followed(observer, *turned, advanced))
    return seen


def _seed(observer: Observer) -> tuple[int, Observation] | None:
    """The first time at which both views see the tool."""
    last = len(observer.footage.video.top) - 1
    for time in dict.fromkeys(max(1, round(share * last)) for share in SEED_TIMES):
        found = observer.search(observer.footage.at(time), None)
        if found is not None and all(found.believed):
            return time, found
    return None


def _learned(observer: Observer, time: int, found: Observation) -> tuple[Observer, Observation]:
    """One that knows the tool's colours from where it was found, and where it finds the tool then."""
    observer = replace(observer, footage=observer.footage.learned(time, found.pose.top_from_tool))
    frames = observer.footage.at(time)
    again = [observer.refine(frames, [pose]) for pose in (found.pose, *_half_turns(observer, found.pose))]
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
        least = FOUND if old is None else old.agreement - TIE
        if new is not None and all(new.believed) and new.agreement > least:
            result[time] = new
    return result


def _expected(around: Sequence[Observation | None]) -> Pose | None:
    """Half-way between the neighbours in time, or where the only one is."""
    poses = [one.pose for one in around if one is not None]
    if len(poses) < 2:
        return poses[0] if poses else None
    stacked = np.stack([pose.top_from_tool for pose in poses])
    middle = interpolate(np.array([0.0, 1.0]), stacked, np.array([0.5]))[0]
    return Pose(middle, (poses[0].own + poses[1].own) / 2)


def _doubtful(observer: Observer, old: Observation, hint: Pose, usual: float) -> bool:
    turn_rad = _turn_rad(observer.footage.appearance.symmetry, old.pose.top_from_tool, hint.top_from_tool)
    return old.agreement < usual - DOUBT or turn_rad > LEAP_RAD


def _turn_rad(symmetry: Symmetry | None, one: Array, other: Array) -> float:
    """Between two poses, but for turns that the tool's symmetry hides."""
    if symmetry is not None:
        one = symmetry.nearest(one, other)
    return float(angle_rad(inverse(other) @ one))


def _held_the_other_way(observer: Observer, seen: Seen) -> tuple[int, Observation] | None:
    """A time and the turned-over pose at it, where such poses agree better with the video as a whole."""
    best = sorted(
        ((time, one) for time, one in enumerate(seen) if one is not None), key=lambda each: -each[1].agreement
    )
    votes = best[:VOTES]
    if not votes:
        return None
    usual = float(np.mean([one.agreement for _, one in votes]))
    for turn in range(len(_half_turns(observer, votes[0][1].pose))):
        found = [
            observer.refine(
                observer.footage.at(time, one.pose.top_from_tool), [_half_turns(observer, one.pose)[turn]]
            )
            for time, one in votes
        ]
        turned = [one for one in found if one is not None]
        if len(turned) == len(votes) and float(np.mean([one.agreement for one in turned])) > usual:
            return votes[0][0], turned[0]
    return None


def _half_turns(observer: Observer, pose: Pose) -> list[Pose]:
    """What a silhouette is easily taken for: the tool turned over about each of its axes, in place.

    A texture leaves no such doubt, and turns that the tool's symmetry hides are none.
    """
    appearance = observer.footage.appearance
    if appearance.textured:
        return []
    result = []
    for signs in ((1, -1, -1), (-1, 1, -1), (-1, -1, 1)):
        turn = np.diag(np.array(signs, float))
        turned = pose.top_from_tool @ transform(turn, appearance.center_m - turn @ appearance.center_m)
        if _turn_rad(appearance.symmetry, turned, pose.top_from_tool) > SAME_RAD:
            result.append(Pose(turned, np.zeros((2, 6))))
    return result

"""One tool through the whole video: found once with no hint, then followed to the first and the last time."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from dreamitate_ros.errors import Cancelled
from dreamitate_ros.geometry import angle_rad, apply, interpolate, inverse, transform
from dreamitate_ros.track.footage import Footage, Frame
from dreamitate_ros.track.joint import (
    Apart,
    Pose,
    Views,
    refine,
    views_from_top,
)
from dreamitate_ros.track.look import UNSEEN, Look, look
from dreamitate_ros.track.pyramid import Level
from dreamitate_ros.track.search import Sighting, search
from dreamitate_ros.track.seed import pair
from dreamitate_ros.track.templates import Templates, ray_rotation
from dreamitate_ros.values import Array, Stop

DROP = 0.12  # of the agreement from one time to the next, from which the tool is searched for anew
FOUND = 0.60  # agreement below which the tool is not there; its mirror image reaches 0.5
NEAR_RAD = np.radians(40)  # how far the tool turns between two times, plus the templates' spacing
TIE = 0.015  # of agreement, within which a pose that fits in with its neighbours is preferred
LEAP_RAD = np.radians(8)  # from half-way between the neighbours in time, from which a pose is doubted
DOUBT = 0.04  # below the usual agreement of its video, from which a time is looked at once more
HOPELESS = 0.3  # agreement below which a pose is not followed to finer levels
LEAST_INSIDE = 0.35  # share of the tool inside the image below which a view is not used
SEED_TIMES = (0.75, 0.5, 1.0, 0.35)  # where in the video the tool is first looked for
SIGHTINGS, GUESSES, FEW_GUESSES = 16, 24, 6
BREADTH = (2, 5)  # how many poses go on to the finest level, and to the one before


@dataclass(frozen=True)
class Observation:
    """What was seen of a tool at one time: its pose, how well each view agrees, and the views around it."""

    pose: Pose
    looks: tuple[Look, Look]
    views: Views

    @property
    def agreement(self) -> float:
        """-1..1 of the views in which the tool is inside the image."""
        seen = [look.agreement for look in self.looks if look.inside >= LEAST_INSIDE]
        return float(np.mean(seen)) if seen else -1.0

    @property
    def believed(self) -> tuple[bool, bool]:
        """Which views show the tool where the pose says."""
        top, side = (look.agreement >= FOUND and look.inside >= LEAST_INSIDE for look in self.looks)
        return top, side


@dataclass(frozen=True)
class Follower:
    """Follows one tool. apart_rad: how far the views disagree, see joint.Apart. stop is asked at every refinement."""

    footage: Footage
    templates: Templates
    apart_rad: Apart
    stop: Stop
    advanced: Callable[[str], None] = field(default=lambda stage: None)

    def follow(self) -> list[Observation | None]:
        """What was seen at every time; None where the tool was not."""
        result: list[Observation | None] = [None] * len(self.footage.video.top)
        seed = self._seed()
        if seed is None:
            self.advanced("searching")
            return result
        time, found = seed
        follower = self
        for _ in range(
            1 if self.footage.appearance.textured else 2
        ):  # the first look knows the mesh's colours alone
            follower, found = follower._learned(time, found)
        result[time] = found
        self.advanced("searching")
        for path in (range(time + 1, len(result)), range(time - 1, 0, -1)):
            previous = [found]
            for current in path:
                sure = previous[-1].agreement - DROP
                seen = result[current] = follower._observe(
                    current, _hints([one.pose for one in previous]), sure
                )
                self.advanced(f"following: time {current}")
                if seen is not None:
                    previous.append(seen)
        return follower._second_look(result)

    def _second_look(self, seen: list[Observation | None]) -> list[Observation | None]:
        """The same, with doubtful times looked at once more, from where their neighbours in time are by now."""
        result = list(seen)
        usual = float(np.median([one.agreement for one in seen if one is not None]))
        for time in range(1, len(seen)):
            old, around = result[time], result[time - 1 : time + 2 : 2]
            hints = [one.pose for one in around if one is not None]
            if not hints:
                continue
            if len(hints) == 2:
                hints.append(_between(*hints))
            if old is not None and old.agreement >= usual - DOUBT and not self._leaps(old.pose, hints):
                continue
            new = self._refine(self.footage.at(time, hints[-1].top_from_tool), hints[-1:])
            least = -1.0 if old is None else old.agreement - TIE
            if new is not None and all(new.believed) and new.agreement > least:
                result[time] = new
        return result

    def _leaps(self, pose: Pose, hints: list[Pose]) -> bool:
        """Whether it is far from half-way between its neighbours in time."""
        if len(hints) < 3:
            return False
        symmetry, expected = self.footage.appearance.symmetry, hints[-1].top_from_tool
        found = pose.top_from_tool if symmetry is None else symmetry.nearest(pose.top_from_tool, expected)
        return float(angle_rad(inverse(expected) @ found)) > LEAP_RAD

    def _learned(self, time: int, found: Observation) -> tuple["Follower", Observation]:
        """One that knows the tool's colours from where it was found, and where it finds the tool then."""
        follower = replace(self, footage=self.footage.learned(time, found.pose.top_from_tool))
        frames = follower.footage.at(time)
        turned = [found.pose]
        if not self.footage.appearance.textured:
            turned += _half_turns(found.pose, self.footage.appearance.center_m)
        again = [follower._refine(frames, [pose]) for pose in turned]
        again.append(follower._search(frames, None, FEW_GUESSES))
        return follower, max((seen for seen in again if seen is not None), key=lambda seen: seen.agreement)

    def _seed(self) -> tuple[int, Observation] | None:
        """The first time at which both views see the tool."""
        last = len(self.footage.video.top) - 1
        for time in dict.fromkeys(max(1, round(share * last)) for share in SEED_TIMES):
            found = self._search(self.footage.at(time), None)
            if found is not None and all(found.believed):
                return time, found
        return None

    def _observe(self, time: int, hints: list[Pose], sure: float) -> Observation | None:
        near = self.footage.at(time, hints[-1].top_from_tool)
        found = self._refine(near, hints)
        for frames in (near, self.footage.at(time)):
            if found is not None and all(found.believed) and found.agreement >= sure:
                break
            searched = self._search(frames, hints[0], FEW_GUESSES)
            if searched is not None and (found is None or searched.agreement > found.agreement):
                found = searched
        if found is None or not any(found.believed):
            return None
        return found if all(found.believed) else self._one_view(found)

    def _one_view(self, found: Observation) -> Observation:
        """By the view that shows the tool alone: the other must not pull."""
        top, side = (view if good else None for view, good in zip(found.views, found.believed, strict=True))
        pose = refine(self.footage.appearance, self.footage.rig, (top, side), found.pose, self.apart_rad)
        return Observation(pose, self._looks(pose, found.views), (top, side))

    def _search(
        self, frames: tuple[Frame, Frame], hint: Pose | None, guesses: int = GUESSES
    ) -> Observation | None:
        center_m, rig = self.footage.appearance.center_m, self.footage.rig
        top, side = (
            self._sightings(frame, None if hint is None else view_from_top @ hint.top_from_tool)
            for frame, view_from_top in zip(frames, views_from_top(rig), strict=True)
        )
        likely = pair(rig, center_m, top, side, guesses)
        return self._refine(frames, [Pose(guess.top_from_tool, np.zeros((2, 6))) for guess in likely])

    def _sightings(self, frame: Frame, camera_from_tool: Array | None) -> list[Sighting]:
        if self.stop():
            raise Cancelled("tracking")
        templates = self.templates
        if camera_from_tool is not None:
            center = apply(camera_from_tool, self.footage.appearance.center_m[None])[0]
            templates = templates.near(ray_rotation(center).T @ camera_from_tool[:3, :3], NEAR_RAD)
        return search(templates, frame.scene(templates), SIGHTINGS, self.stop)

    def _refine(self, frames: tuple[Frame, Frame], poses: list[Pose]) -> Observation | None:
        """The best pose near any of `poses`: all are tried at the coarsest level, ever fewer at finer ones."""
        levels = list(zip(frames[0].levels, frames[1].levels, strict=True))
        for index, views in reversed(list(enumerate(levels))):
            poses = [self._refined(views, pose) for pose in poses]
            if index:
                poses = self._best(views, poses, BREADTH[min(index - 1, 1)])
        found = [self._observation(frames, pose) for pose in poses]
        return max(found, key=lambda observation: observation.agreement, default=None)

    def _refined(self, views: tuple[Level, Level], pose: Pose) -> Pose:
        if self.stop():
            raise Cancelled("tracking")
        return refine(self.footage.appearance, self.footage.rig, views, pose, self.apart_rad)

    def _best(self, views: tuple[Level, Level], poses: list[Pose], most: int) -> list[Pose]:
        """At most so many, best first, without the hopeless ones."""
        judged = [(sum(look.agreement for look in self._looks(pose, views)) / 2, pose) for pose in poses]
        likely = sorted((one for one in judged if one[0] >= HOPELESS), key=lambda one: -one[0])
        return [pose for _, pose in likely[:most]]

    def _observation(self, frames: tuple[Frame, Frame], pose: Pose) -> Observation:
        top, side = (
            self.footage.close_up(
                frame, pose.in_view(self.footage.rig, self.footage.appearance.center_m, view)
            )
            for view, frame in enumerate(frames)
        )
        return Observation(pose, self._looks(pose, (top, side)), (top, side))

    def _looks(self, pose: Pose, views: Views) -> tuple[Look, Look]:
        center_m, rig = self.footage.appearance.center_m, self.footage.rig
        top, side = (
            UNSEEN
            if level is None
            else look(self.footage.appearance, level, pose.in_view(rig, center_m, view))
            for view, level in enumerate(views)
        )
        return top, side


def _hints(previous: list[Pose]) -> list[Pose]:
    """Where it was, and where it would be going on as before."""
    if len(previous) < 2:
        return previous
    before, last = (pose.top_from_tool for pose in previous[-2:])
    return [previous[-1], Pose(last @ inverse(before) @ last, previous[-1].own)]


def _between(one: Pose, other: Pose) -> Pose:
    """Half-way."""
    poses = np.stack([one.top_from_tool, other.top_from_tool])
    return Pose(interpolate(np.array([0.0, 1.0]), poses, np.array([0.5]))[0], (one.own + other.own) / 2)


def _half_turns(pose: Pose, center_m: Array) -> list[Pose]:
    """What a silhouette is easily taken for: the tool turned over about each of its axes, in place."""
    result = []
    for signs in ((1, -1, -1), (-1, 1, -1), (-1, -1, 1)):
        turn = np.diag(np.array(signs, float))
        result.append(
            Pose(pose.top_from_tool @ transform(turn, center_m - turn @ center_m), np.zeros((2, 6)))
        )
    return result

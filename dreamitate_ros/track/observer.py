"""One tool at one time: searched for, fitted to both views, judged."""

from dataclasses import dataclass

import numpy as np

from dreamitate_ros.errors import Cancelled
from dreamitate_ros.geometry import apply
from dreamitate_ros.track.footage import Footage, Frame
from dreamitate_ros.track.joint import Apart, Pose, Views, refine, views_from_top
from dreamitate_ros.track.look import UNSEEN, Look, look
from dreamitate_ros.track.pyramid import Level
from dreamitate_ros.track.search import Sighting, search
from dreamitate_ros.track.seed import pair
from dreamitate_ros.track.templates import Templates, ray_rotation
from dreamitate_ros.values import Array, Stop

FOUND = 0.60  # agreement below which the tool is not there; its mirror image reaches 0.5
HOPELESS = 0.3  # agreement below which a pose is not followed to finer levels
LEAST_INSIDE = 0.35  # share of the tool inside the image below which a view is not used
NEAR_RAD = np.radians(40)  # how far the tool turns between two times, plus the templates' spacing
MANY = 3  # poses, of which each is at first followed by one drawing of it alone
SIGHTINGS, GUESSES, FEW_GUESSES = 16, 24, 6
SAME = 0.06  # of the tool's radius: two poses less apart than that are one
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
class Observer:
    """Looks for one tool. apart_rad: how far the views disagree, see joint.Apart. stop is asked at every step."""

    footage: Footage
    templates: Templates
    apart_rad: Apart
    stop: Stop

    def observe(self, time: int, hints: list[Pose], sure: float, near: bool) -> Observation | None:
        """What is seen at a time near any of the hints, the last the likeliest; searched for where that is not sure.

        sure: agreement from which no search is needed. near: the tool cannot be far from there. None where neither
        view shows the tool.
        """
        frames = self.footage.at(time, hints[-1].top_from_tool)
        found = self.refine(frames, hints)
        if found is None or not all(found.believed) or found.agreement < sure:
            searched = self.search(frames if near else self.footage.at(time), hints[0], FEW_GUESSES)
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

    def search(
        self, frames: tuple[Frame, Frame], hint: Pose | None, guesses: int = GUESSES
    ) -> Observation | None:
        """The best that templates find: anywhere, or turned about as the hint is. guesses: how many are tried."""
        center_m, rig = self.footage.appearance.center_m, self.footage.rig
        top, side = (
            self._sightings(frame, None if hint is None else view_from_top @ hint.top_from_tool)
            for frame, view_from_top in zip(frames, views_from_top(rig), strict=True)
        )
        likely = pair(rig, center_m, top, side, guesses)
        return self.refine(frames, [Pose(guess.top_from_tool, np.zeros((2, 6))) for guess in likely])

    def _sightings(self, frame: Frame, camera_from_tool: Array | None) -> list[Sighting]:
        if self.stop():
            raise Cancelled("tracking")
        templates = self.templates
        if camera_from_tool is not None:
            center = apply(camera_from_tool, self.footage.appearance.center_m[None])[0]
            templates = templates.near(ray_rotation(center).T @ camera_from_tool[:3, :3], NEAR_RAD)
        return search(templates, frame.scene(templates), SIGHTINGS, self.stop)

    def turned(self, time: int, seen: Observation, turn: Array) -> Observation | None:
        """What is seen at a time near the pose there, turned by tool_from_tool (4, 4)."""
        pose = Pose(seen.pose.top_from_tool @ turn, np.zeros((2, 6)))
        return self.refine(self.footage.at(time, pose.top_from_tool), [pose])

    def refine(self, frames: tuple[Frame, Frame], poses: list[Pose]) -> Observation | None:
        """The best pose near any of `poses`: all are tried at the coarsest level, ever fewer at finer ones."""
        levels = list(zip(frames[0].levels, frames[1].levels, strict=True))
        for index, views in reversed(list(enumerate(levels))):
            drawings = 1 if len(poses) > MANY else 2
            poses = [self._refined(views, pose, drawings) for pose in poses]
            if index:
                poses = self._best(views, poses, BREADTH[min(index - 1, 1)])
        found = [self._observation(frames, pose) for pose in poses]
        return max(found, key=lambda observation: observation.agreement, default=None)

    def _refined(self, views: tuple[Level, Level], pose: Pose, drawings: int) -> Pose:
        if self.stop():
            raise Cancelled("tracking")
        return refine(self.footage.appearance, self.footage.rig, views, pose, self.apart_rad, drawings)

    def _best(self, views: tuple[Level, Level], poses: list[Pose], most: int) -> list[Pose]:
        """At most so many, best first, without the hopeless ones and those that came to the same."""
        judged = [(sum(look.agreement for look in self._looks(pose, views)) / 2, pose) for pose in poses]
        best: list[Pose] = []
        for agreement, pose in sorted(judged, key=lambda one: -one[0]):
            if agreement < HOPELESS or len(best) == most:
                break
            if not any(self._same(pose, other) for other in best):
                best.append(pose)
        return best

    def _same(self, pose: Pose, other: Pose) -> bool:
        moves = pose.top_from_tool - other.top_from_tool
        center_m, radius_m = self.footage.appearance.center_m, self.footage.appearance.radius_m
        apart_m = np.linalg.norm(moves[:3, :3] @ center_m + moves[:3, 3])
        return bool(apart_m + radius_m * np.linalg.norm(moves[:3, :3]) < SAME * radius_m)

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

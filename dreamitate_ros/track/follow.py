"""One tool through the whole video: found once with no hint, then followed to the first and the last time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from dreamitate_ros.errors import Cancelled
from dreamitate_ros.geometry import apply, inverse
from dreamitate_ros.rig import Rig
from dreamitate_ros.track.align import Alignment, align
from dreamitate_ros.track.appearance import Appearance
from dreamitate_ros.track.pyramid import Level, pyramid
from dreamitate_ros.track.search import Scene, open_scene, search
from dreamitate_ros.track.stereo import StereoFit, fit_both_views
from dreamitate_ros.track.templates import Templates, ray_rotation
from dreamitate_ros.values import Array, Camera, Image, Stop

COARSEST_PX = 28  # how large the tool must still be at the coarsest level
SURE = 0.78  # correlation from which a pose reached from a hint needs no search
FOUND = 0.60  # correlation below which the tool is not there; its mirror image reaches 0.5
HOPELESS = 0.5  # correlation below which a hint is not followed to finer levels
NEAR_RAD = np.radians(40)  # how far the tool turns between two times, plus the templates' spacing
LEAST_INSIDE = 0.35  # share of the tool inside the image below which a view is not used
LEAST_EDGES = 5
SEED_TIMES = (0.75, 0.5, 1.0, 0.35)  # where in the video the tool is first looked for


@dataclass(frozen=True)
class Frame:
    """One view at one time. size: of the shrunken frame that the templates fit. depth: levels of its pyramid."""

    camera: Camera
    image: Image
    photo: Image
    size: tuple[int, int]
    depth: int

    @cached_property
    def levels(self) -> list[Level]:
        """The frame at several sizes, full size first."""
        return pyramid(self.camera, self.image, self.depth)

    @cached_property
    def scene(self) -> Scene:
        """The frame ready to be searched."""
        return open_scene(self.size, self.camera, self.image, self.photo)


def pyramid_depth(tool_px: float) -> int:
    """Levels at which a tool of this size in px is still large enough to be aligned."""
    return 1 + max(0, int(np.log2(tool_px / COARSEST_PX)))


@dataclass(frozen=True)
class Observation:
    """What was seen of a tool at one time: per view, and the one pose from both where both saw it."""

    top: Alignment | None = None
    side: Alignment | None = None
    fit: StereoFit | None = None

    def top_from_tool(self, rig: Rig) -> Array | None:
        """(4, 4) the best pose there is, from one view if need be."""
        if self.fit is not None:
            return self.fit.top_from_tool
        if self.top is not None:
            return self.top.camera_from_tool
        return None if self.side is None else rig.top_from_side @ self.side.camera_from_tool


def _support(alignment: Alignment) -> float:
    return alignment.correlation * len(alignment.edges)


@dataclass(frozen=True)
class Follower:
    """Follows one tool. frames: (top, side) at every time. stop is asked before every alignment."""

    appearance: Appearance
    templates: Templates
    rig: Rig
    frames: Sequence[tuple[Frame, Frame]]
    stop: Stop
    advanced: Callable[[int], None] = field(default=lambda time: None)

    def follow(self) -> list[Observation]:
        """What was seen at every time; empty observations everywhere when the tool is never found."""
        result = [Observation() for _ in self.frames]
        seed = self._seed()
        if seed is None:
            return result
        time, result[time] = seed
        self.advanced(time)
        for path in (range(time + 1, len(self.frames)), range(time - 1, 0, -1)):
            previous = [result[time]]
            for current in path:
                result[current] = self._observe(current, self._hints(previous))
                self.advanced(current)
                if result[current].top_from_tool(self.rig) is not None:
                    previous.append(result[current])
        return result

    def _seed(self) -> tuple[int, Observation] | None:
        """The first time at which both views see the tool."""
        last = len(self.frames) - 1
        for time in dict.fromkeys(max(1, round(share * last)) for share in SEED_TIMES):
            observation = self._observe(time, [])
            if observation.fit is not None:
                return time, observation
        return None

    def _hints(self, previous: list[Observation]) -> list[Array]:
        """Poses (top_from_tool) to try: where it was, and where it would be going on as before."""
        poses = [pose for seen in previous[-2:] if (pose := seen.top_from_tool(self.rig)) is not None]
        if len(poses) < 2:
            return poses
        return [poses[1], poses[1] @ inverse(poses[0]) @ poses[1]]

    def _observe(self, time: int, hints: list[Array]) -> Observation:
        top_frame, side_frame = self.frames[time]
        top = self._find(top_frame, hints)
        side_hints = hints if top is None else [top.camera_from_tool, *hints[:1]]
        side = self._find(side_frame, [self.rig.side_from_top @ hint for hint in side_hints])
        if top is None and side is not None:
            top = self._find(top_frame, [self.rig.top_from_side @ side.camera_from_tool])
        if top is None or side is None:
            return Observation(top, side)
        fit = fit_both_views(self.appearance, self.rig, top, side)
        if fit.contradiction < 1.0:
            return Observation(top, side, fit)
        # one of them is mistaken: the one that rests on less
        return Observation(top=top) if _support(top) > _support(side) else Observation(side=side)

    def _find(self, frame: Frame, hints: list[Array]) -> Alignment | None:
        found = self._refine(frame, hints, breadth=1, hopeless=HOPELESS)
        if found is not None and found.correlation >= SURE:
            return found
        templates = self._templates_near(hints[0]) if hints else self.templates
        sightings = search(templates, frame.scene, 3 if hints else 8, self.stop)
        found = self._refine(frame, [sighting.camera_from_tool for sighting in sightings] + hints)
        return found if found is not None and found.correlation >= FOUND else None

    def _templates_near(self, camera_from_tool: Array) -> Templates:
        center = apply(camera_from_tool, self.appearance.center_m[None])[0]
        return self.templates.near(ray_rotation(center).T @ camera_from_tool[:3, :3], NEAR_RAD)

    def _refine(
        self, frame: Frame, poses: list[Array], breadth: int = 3, hopeless: float = -1.0
    ) -> Alignment | None:
        """The best pose near any of `poses`: all are tried at the coarsest level, ever fewer at finer ones.

        breadth: at most so many go on to a finer level. hopeless: correlation below which none goes on.
        """
        best: list[Alignment] = []
        for index, level in reversed(list(enumerate(frame.levels))):
            aligned = self._aligned(level, poses, renderings=1 if index else 2)
            likely = [alignment for alignment in aligned if alignment.correlation >= hopeless]
            best = sorted(likely, key=lambda a: -a.correlation)[: min(breadth, index + 1)]
            poses = [alignment.camera_from_tool for alignment in best]
        return best[0] if best else None

    def _aligned(self, level: Level, poses: list[Array], renderings: int) -> Iterator[Alignment]:
        for pose in poses:
            if self.stop():
                raise Cancelled("tracking")
            alignment = align(self.appearance, level, pose, renderings=renderings)
            if alignment is None or len(alignment.edges) < LEAST_EDGES:
                continue
            if alignment.inside >= LEAST_INSIDE:
                yield alignment

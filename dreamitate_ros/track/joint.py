"""One pose from both views at one time, each view allowed to disagree a little with it.

The views of an imagined video do not show quite the same scene: fitted alone they give poses centimetres apart,
mostly in depth. So each view may show the tool moved by a small motion of its own, which costs as much as it moves
the tool's picture: little for a change of depth. The pose is what needs the least of that: no averaging of poses.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dreamitate_ros.rig import Rig
from dreamitate_ros.track.appearance import Appearance
from dreamitate_ros.track.evidence import Evidence, Patch, draw_patch, evidence
from dreamitate_ros.track.pyramid import Level
from dreamitate_ros.track.twist import perturb, turned
from dreamitate_ros.values import Array

DAMPING = 1e-3
LONGEST_STEP_PX = 6.0
STILL_PX = 0.03


Views = tuple[Level | None, Level | None]
"""The top and the side view at one size; None for a view that is not to be believed."""

Apart = tuple[float, float]
"""Standard deviation, in rad, by which a view's own motion moves the tool's picture in the top and the side view."""


@dataclass(frozen=True)
class Pose:
    """top_from_tool: (4, 4). own: (2, 6) the motion of its own that each view shows it with, along its axes."""

    top_from_tool: Array
    own: Array

    def in_view(self, rig: Rig, center_m: Array, view: int) -> Array:
        """(4, 4) camera_from_tool as that view shows it (0: top, 1: side)."""
        return perturb(views_from_top(rig)[view] @ self.top_from_tool, center_m, self.own[view])


def views_from_top(rig: Rig) -> tuple[Array, Array]:
    """(4, 4) each: the top camera's own frame and the side camera's, from the top camera's."""
    return np.eye(4), rig.side_from_top


@dataclass(frozen=True)
class Quadratic:
    """What both views say about a twist (6,) of the pose along the top camera's axes, and how each view follows.

    gain: (2, 6, 6) and shift (2, 6): own motion of a view = shift + gain @ twist.
    """

    curvature: Array
    slope: Array
    gain: Array
    shift: Array


def combine(rig: Rig, said: Sequence[Evidence | None], pose: Pose, apart_rad: Apart) -> Quadratic:
    """The quadratic of both views' evidence, their own motions minimised away (Schur complement)."""
    curvature, slope = np.zeros((6, 6)), np.zeros(6)
    gain, shift = np.zeros((2, 6, 6)), np.zeros((2, 6))
    for view, (word, view_from_top) in enumerate(zip(said, views_from_top(rig), strict=True)):
        own = pose.own[view]
        if word is None:
            shift[view] = -own
            continue
        stiffness = word.motion / apart_rad[view] ** 2
        axes = turned(view_from_top)
        softened = np.linalg.inv(word.curvature + stiffness)
        pull = word.slope + stiffness @ own
        curvature += axes.T @ (word.curvature - word.curvature @ softened @ word.curvature) @ axes
        slope += axes.T @ (word.slope - word.curvature @ softened @ pull)
        gain[view], shift[view] = -softened @ word.curvature @ axes, -softened @ pull
    return Quadratic(curvature, slope, gain, shift)


def refine(
    appearance: Appearance,
    rig: Rig,
    levels: Views,
    pose: Pose,
    apart_rad: Apart,
    renderings: int = 2,
    steps: int = 4,
) -> Pose:
    """The best pose near `pose`, by the frames of both views at one size, or of the one that is not None."""
    px_per_m = next(level for level in levels if level is not None).camera.K[0, 0] / max(
        0.1, float(pose.top_from_tool[2, 3])
    )
    for _ in range(renderings):
        patches = draw_patches(appearance, rig, levels, pose)
        for step in range(steps):
            said = [
                _evidence(appearance, rig, level, patch, pose, view)
                for view, (level, patch) in enumerate(zip(levels, patches, strict=True))
            ]
            if said[0] is None and said[1] is None:
                return pose
            both = combine(rig, said, pose, apart_rad)
            twist = limited(solve(both, appearance.radius_m), appearance.radius_m, LONGEST_STEP_PX / px_per_m)
            pose = moved(appearance, pose, twist, both)
            if length_m(twist, appearance.radius_m) * px_per_m < STILL_PX:
                if step == 0:
                    return pose  # a new drawing changed nothing
                break
    return pose


def draw_patches(appearance: Appearance, rig: Rig, levels: Views, pose: Pose) -> list[Patch | None]:
    """One patch for each view."""
    return [
        None if level is None else draw_patch(appearance, level, pose.in_view(rig, appearance.center_m, view))
        for view, level in enumerate(levels)
    ]


def _evidence(
    appearance: Appearance, rig: Rig, level: Level | None, patch: Patch | None, pose: Pose, view: int
) -> Evidence | None:
    if level is None or patch is None:
        return None
    return evidence(patch, level, pose.in_view(rig, appearance.center_m, view), appearance.center_m)


def solve(both: Quadratic, radius_m: float) -> Array:
    """(6,) the twist that both views ask for; what neither sees stays as it is."""
    scale = np.array([1.0] * 3 + [2.0 / radius_m] * 3)  # unknowns of about one length each
    curvature = both.curvature * np.outer(scale, scale)
    curvature += np.eye(6) * (DAMPING * np.trace(curvature) / 6 + 1e-12)
    return np.asarray(-np.linalg.solve(curvature, both.slope * scale) * scale)


def limited(twist: Array, radius_m: float, most_m: float) -> Array:
    """The twist, shortened where it moves the tool by more than most_m."""
    return twist * min(1.0, most_m / max(1e-9, length_m(twist, radius_m)))


def length_m(twist: Array, radius_m: float) -> float:
    """How far a twist moves the tool, about."""
    return float(np.linalg.norm(twist[:3]) + 0.5 * radius_m * np.linalg.norm(twist[3:]))


def moved(appearance: Appearance, pose: Pose, twist: Array, both: Quadratic) -> Pose:
    """The pose after a twist, the views' own motions following."""
    own = pose.own + both.shift + both.gain @ twist
    return Pose(perturb(pose.top_from_tool, appearance.center_m, twist), own)

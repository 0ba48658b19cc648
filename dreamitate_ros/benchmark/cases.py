"""The tracker's test cases, each made from a seed: a video, the rig and tool to track it with, and the truth."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dreamitate_ros.benchmark.artefacts import disagreeing, random_strength, spoiled
from dreamitate_ros.benchmark.film import Actor, film
from dreamitate_ros.benchmark.hand import Hand, fingers_across, grip
from dreamitate_ros.benchmark.motion import random_motion
from dreamitate_ros.capture.framing import crop_image
from dreamitate_ros.geometry import apply, inverse, project
from dreamitate_ros.rig import Rig
from dreamitate_ros.tool import Tool
from dreamitate_ros.track.appearance import Appearance, appearance_of
from dreamitate_ros.values import Array, StereoVideo

TOOLS = ("block_left", "block_right", "spoon", "brush", "pusher")
SMALL_PX = (384, 224)
MOST_HIDDEN = 0.40
ASIDE_SHARE = 0.25  # of the cases with artefacts, in which the tool goes half out of the image


@dataclass(frozen=True)
class Case:
    """video, rig and tool as the tracker gets them; top_from_tool: (T, 4, 4) the truth, None when it must refuse.

    hidden, inside, apart_px: (T,) share of the tool behind fingers and in the image, in the worse view, and how far
    the views are apart. label: what kind of case, for the table.
    """

    label: str
    seed: int
    video: StereoVideo
    rig: Rig
    tool: Tool
    top_from_tool: Array | None = None
    hidden: Array | None = None
    inside: Array | None = None
    apart_px: Array | None = None


def clean_case(rig: Rig, tools: Mapping[str, Tool], name: str, seed: int) -> Case:
    """A hand moves the tool; nothing is wrong with the video."""
    random = _random(name, seed)
    appearance = appearance_of(tools[name])
    motion, hand = _visible(rig, appearance, name, random, aside=False)
    shown = np.stack([motion, motion])
    video = film(rig, [Actor(tools[name], hand, shown)], seed)
    return _case("clean", seed, video, rig, tools[name], appearance, hand, motion, shown)


def spoiled_case(rig: Rig, tools: Mapping[str, Tool], name: str, seed: int) -> Case:
    """The same with everything that a video model does wrong, in random strength."""
    random = _random(name, seed + 7)
    appearance = appearance_of(tools[name])
    motion, hand = _visible(rig, appearance, name, random, aside=random.random() < ASIDE_SHARE)
    hand, strength = _covering(rig, appearance, motion, hand, random), random_strength(random)
    shown = disagreeing(rig, motion, strength.apart_px, random)
    video = spoiled(film(rig, [Actor(tools[name], hand, shown)], seed), strength, random)
    return _case("artefacts", seed, video, rig, tools[name], appearance, hand, motion, shown)


def small(case: Case, size: tuple[int, int] = SMALL_PX) -> Case:
    """The same case at another size."""
    rig = case.rig.resized(*size)
    views = [
        np.stack([crop_image(frame, *size) for frame in view]) for view in (case.video.top, case.video.side)
    ]
    video = StereoVideo(views[0], views[1], case.video.fps)
    return Case(
        f"{size[0]}x{size[1]}",
        case.seed,
        video,
        rig,
        case.tool,
        case.top_from_tool,
        case.hidden,
        case.inside,
        case.apart_px,
    )


def _random(name: str, seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, TOOLS.index(name)])


def _visible(
    rig: Rig, appearance: Appearance, name: str, random: np.random.Generator, aside: bool
) -> tuple[Array, Hand]:
    """A motion with a grip that hides at most MOST_HIDDEN of the tool at any time."""
    for _ in range(20):
        motion, hand = random_motion(name, random, aside), grip(appearance, random)
        if _hidden(rig, appearance, hand, motion).max() <= MOST_HIDDEN:
            break
    return motion, hand


def _covering(
    rig: Rig, appearance: Appearance, motion: Array, hand: Hand, random: np.random.Generator
) -> Hand:
    """The hand with fingers laid across the tool, if some hide at most MOST_HIDDEN of it with the grip."""
    for _ in range(30):
        wider = Hand(hand.capsules + fingers_across(appearance, random), hand.wrist_m)
        if _hidden(rig, appearance, wider, motion).max() <= MOST_HIDDEN:
            return wider
    return hand


def _eyes(rig: Rig) -> tuple[Array, Array]:
    """world_from_camera of both views."""
    assert rig.world_from_top is not None
    return rig.world_from_top, rig.world_from_top @ rig.top_from_side


def _hidden(rig: Rig, appearance: Appearance, hand: Hand, world_from_tool: Array) -> Array:
    """(T,) in the worse view."""
    return np.array([
        max(hand.hidden(appearance, (inverse(pose) @ eye)[:3, 3]) for eye in _eyes(rig)) for pose in world_from_tool
    ])  # fmt: skip


def _case(
    label: str, seed: int, video: StereoVideo, rig: Rig, tool: Tool, appearance: Appearance, hand: Hand,
    motion: Array, shown: Array,
) -> Case:  # fmt: skip
    assert rig.world_from_top is not None
    top_from_tool = inverse(rig.world_from_top) @ motion
    inside = np.min([_inside(rig, view, appearance, shown[view]) for view in (0, 1)], axis=0)
    places = [
        _centers_px(rig, view, appearance, motion) - _centers_px(rig, view, appearance, shown[view])
        for view in (0, 1)
    ]
    apart_px = np.linalg.norm(places[0] - places[1], axis=1) * 768 / rig.top.width
    hidden = _hidden(rig, appearance, hand, motion)
    return Case(label, seed, video, rig, tool, top_from_tool, hidden, inside, apart_px)


def _centers_px(rig: Rig, view: int, appearance: Appearance, world_from_tool: Array) -> Array:
    camera_from_tool = inverse(_eyes(rig)[view]) @ world_from_tool
    return project((rig.top, rig.side)[view], apply(camera_from_tool, appearance.center_m[None]))[:, 0]


def _inside(rig: Rig, view: int, appearance: Appearance, world_from_tool: Array) -> Array:
    camera = (rig.top, rig.side)[view]
    pixels = project(camera, apply(inverse(_eyes(rig)[view]) @ world_from_tool, appearance.surface[0][::10]))
    return ((pixels >= 0) & (pixels <= [camera.width - 1, camera.height - 1])).all(axis=2).mean(axis=1)

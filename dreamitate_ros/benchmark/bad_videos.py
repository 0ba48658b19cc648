"""Videos that no arm may act out, each made from a seed: the tracker must refuse them all."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial.transform import Rotation

from dreamitate_ros.benchmark.cases import TOOLS, Case, clean_case
from dreamitate_ros.benchmark.film import film
from dreamitate_ros.geometry import transform
from dreamitate_ros.rig import Rig
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Image, StereoVideo

MELT_PX = 14.0  # how far a melting tool's parts are from where they belong, at the end, at 768 px of width


def bad_case(rig: Rig, tools: Mapping[str, Tool], index: int, seed: int) -> Case:
    """The index-th: all kinds in turn, with all tools in turn. It has no truth: there is nothing to find."""
    kinds = list(KINDS)
    kind, name = kinds[index % len(kinds)], TOOLS[(index // len(kinds) + index) % len(TOOLS)]
    random = np.random.default_rng([seed, index, 5])
    case = KINDS[kind](clean_case(rig, tools, name, seed + index), tools, random)
    return replace(case, label=f"bad: {kind}", top_from_tool=None)


def _no_tool(case: Case, tools: Mapping[str, Tool], random: np.random.Generator) -> Case:
    return replace(case, video=film(case.rig, [], case.seed))


def _other_tool(case: Case, tools: Mapping[str, Tool], random: np.random.Generator) -> Case:
    others = [name for name in TOOLS if name != case.tool.name]
    return replace(case, tool=tools[str(random.choice(others))])


def _melted(case: Case, tools: Mapping[str, Tool], random: np.random.Generator) -> Case:
    views = [
        _melt(frames, MELT_PX * case.rig.top.width / 768, random)
        for frames in (case.video.top, case.video.side)
    ]
    return replace(case, video=StereoVideo(views[0], views[1], case.video.fps))


def _swapped(case: Case, tools: Mapping[str, Tool], random: np.random.Generator) -> Case:
    return replace(case, video=StereoVideo(case.video.side, case.video.top, case.video.fps))


def _wrong_rig(case: Case, tools: Mapping[str, Tool], random: np.random.Generator) -> Case:
    axis = random.normal(size=3)
    turn = Rotation.from_rotvec(axis / np.linalg.norm(axis) * np.radians(random.uniform(8, 15))).as_matrix()
    off = transform(turn, random.normal(0, 0.03, 3))
    return replace(case, rig=replace(case.rig, top_from_side=off @ case.rig.top_from_side))


def _reversed_side(case: Case, tools: Mapping[str, Tool], random: np.random.Generator) -> Case:
    side = np.concatenate([case.video.side[:1], case.video.side[:0:-1]])
    return replace(case, video=StereoVideo(case.video.top, side, case.video.fps))


def _noise(case: Case, tools: Mapping[str, Tool], random: np.random.Generator) -> Case:
    top, side = (
        np.concatenate([frames[:1], random.integers(0, 256, frames[1:].shape, dtype=np.uint8)])
        for frames in (case.video.top, case.video.side)
    )
    return replace(case, video=StereoVideo(top, side, case.video.fps))


KINDS: dict[str, Callable[[Case, Mapping[str, Tool], np.random.Generator], Case]] = {
    "no tool": _no_tool,
    "other tool": _other_tool,
    "melted tool": _melted,
    "swapped views": _swapped,
    "wrong rig": _wrong_rig,
    "reversed side view": _reversed_side,
    "noise": _noise,
}


def _melt(frames: Image, most_px: float, random: np.random.Generator) -> Image:
    """Every part drifts its own way, further with time; what lies apart by a tool's width drifts differently."""
    height, width = frames.shape[1:3]
    drift = np.stack([gaussian_filter(random.normal(size=(height, width)), width / 40) for _ in range(2)])
    drift *= most_px / drift.std()
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    result = [frames[0]]
    for time in range(1, len(frames)):
        share = 0.4 + 0.6 * time / (len(frames) - 1)
        x, y = (columns + share * drift[0]).astype(np.float32), (rows + share * drift[1]).astype(np.float32)
        moved = cv2.remap(frames[time], x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        result.append(moved)
    return np.stack(result)

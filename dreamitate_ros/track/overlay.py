"""The tracked tools drawn over both views: outline and pattern edges, axes, confidence bar, residual."""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from dreamitate_ros.geometry import apply, project
from dreamitate_ros.rig import Rig
from dreamitate_ros.tool import Tool
from dreamitate_ros.track.appearance import Appearance, appearance_of
from dreamitate_ros.track.render import render
from dreamitate_ros.track.video_rig import rig_of_video
from dreamitate_ros.values import Array, Camera, Image, StereoVideo, ToolTrack

COLORS = ((255, 170, 0), (0, 230, 120), (230, 80, 255), (90, 170, 255))  # one per tool
AXIS_COLORS = ((255, 60, 60), (60, 220, 60), (80, 120, 255))  # x, y, z
EDGE = 0.25  # colour step of the drawing that counts as a pattern edge
GOOD = 0.5
LEAST_WIDTH_PX = 640


def draw_overlay(video: StereoVideo, rig: Rig, tools: Sequence[Tool], tracks: Sequence[ToolTrack]) -> Image:
    """(T, S H, 2 S W, 3) uint8 RGB, top | side. tools and tracks are matched by name.

    S is 1, or as much as makes small frames large enough to see an error of two pixels.
    """
    rig = rig_of_video(rig, video)
    scale = max(1, -(-LEAST_WIDTH_PX // rig.top.width))
    rig = replace(rig, top=_enlarged(rig.top, scale), side=_enlarged(rig.side, scale))
    appearances = {tool.name: appearance_of(tool) for tool in tools}
    views = ((rig.top, np.eye(4), video.top), (rig.side, rig.side_from_top, video.side))
    result = []
    for time in range(len(video.top)):
        halves = []
        for view, (camera, camera_from_top, frames) in enumerate(views):
            canvas = frames[time].repeat(scale, axis=0).repeat(scale, axis=1)
            for index, track in enumerate(tracks):
                if track.present[time]:
                    pose = camera_from_top @ track.top_from_tool[time]
                    _draw_tool(canvas, appearances[track.tool], camera, pose, COLORS[index % len(COLORS)])
                _draw_state(canvas, track, time, view, index)
            _text(canvas, f"{('top', 'side')[view]}  time {time}", (8, 18), (255, 255, 255))
            halves.append(canvas)
        result.append(np.concatenate(halves, axis=1))
    return np.stack(result)


def _enlarged(camera: Camera, scale: int) -> Camera:
    """Every pixel drawn as scale x scale; pixel centres at integers."""
    K = np.diag([scale, scale, 1.0]) @ camera.K
    K[:2, 2] += (scale - 1) / 2
    return Camera(K, scale * camera.width, scale * camera.height)


def _draw_tool(
    canvas: Image,
    appearance: Appearance,
    camera: Camera,
    camera_from_tool: Array,
    color: tuple[int, int, int],
) -> None:
    drawn = render(appearance, camera, camera_from_tool)
    if drawn is not None:
        edges = _edges(drawn.color, drawn.mask)
        height, width = edges.shape
        window = canvas[drawn.y : drawn.y + height, drawn.x : drawn.x + width]
        window[edges] = color
    _draw_axes(canvas, camera, camera_from_tool, 0.6 * appearance.radius_m)


def _edges(color: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Outline and strong colour steps, one pixel wide, so that what lies under them stays visible."""
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=1) > 0
    gray = color.mean(axis=2)
    step = np.zeros_like(mask)
    step[:, 1:] |= np.abs(np.diff(gray, axis=1)) > EDGE
    step[1:] |= np.abs(np.diff(gray, axis=0)) > EDGE
    return np.asarray((mask & ~inner) | (step & inner))


def _draw_axes(canvas: Image, camera: Camera, camera_from_tool: Array, length_m: float) -> None:
    tips = project(camera, apply(camera_from_tool, np.concatenate([np.zeros((1, 3)), np.eye(3) * length_m])))
    if not np.isfinite(tips).all():
        return
    origin, *ends = [tuple(int(value) for value in np.clip(np.round(tip), -5000, 5000)) for tip in tips]
    for end, color in zip(ends, AXIS_COLORS, strict=True):
        cv2.line(canvas, origin, end, color, 2, cv2.LINE_AA)


def _draw_state(canvas: Image, track: ToolTrack, time: int, view: int, index: int) -> None:
    """A line of text and a bar for each tool, at the lower edge."""
    bottom, confidence = canvas.shape[0] - 14 - 22 * index, float(track.confidence[time])
    color = COLORS[index % len(COLORS)]
    residual = track.residuals_px[time, view]
    words = [f"{track.tool} {confidence:.2f}"]
    if not track.present[time]:
        words = [f"{track.tool} not seen"]
    elif not track.observed[time]:
        words.append("interpolated")
    if np.isfinite(residual):
        words.append(f"{residual:.1f} px")
    cv2.rectangle(canvas, (8, bottom - 9), (68, bottom), (70, 70, 70), cv2.FILLED)
    bar = (60, 220, 60) if confidence >= GOOD else (255, 70, 60)
    if confidence > 0:
        cv2.rectangle(canvas, (8, bottom - 9), (8 + round(60 * confidence), bottom), bar, cv2.FILLED)
    _text(canvas, "  ".join(words), (76, bottom), color)


def _text(canvas: Image, text: str, at: tuple[int, int], color: tuple[int, int, int]) -> None:
    """With a dark shadow on both sides; a thicker stroke would also be a wider text."""
    for x, shade in ((-1, (0, 0, 0)), (1, (0, 0, 0)), (0, color)):
        cv2.putText(canvas, text, (at[0] + x, at[1]), cv2.FONT_HERSHEY_SIMPLEX, 0.45, shade, 1, cv2.LINE_AA)

"""The frames of a video made ready for one tool: their likeness to it, at several sizes, and where to look for it."""

from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from dreamitate_ros.geometry import apply, project
from dreamitate_ros.rig import Rig
from dreamitate_ros.track.appearance import Appearance
from dreamitate_ros.track.joint import views_from_top
from dreamitate_ros.track.likeness import ColorModel, change, shaded, tint
from dreamitate_ros.track.pyramid import Level, pyramid, window
from dreamitate_ros.track.render import render
from dreamitate_ros.track.search import Scene, open_scene
from dreamitate_ros.track.templates import Templates
from dreamitate_ros.values import Array, Camera, Image, StereoVideo

COARSEST_PX = 28  # how large the tool must still be at the coarsest level
WIDER = 2.0  # than the tool's surroundings: where it may have moved to since
SHADES = (0.35, 1.2)  # brightness of a colour in a video, of that on the mesh
ALIKE, NOISE = 0.12, 0.06  # difference from a shade of a colour that is none: as a share of it, and at least
EDGE, BESIDE = np.ones((3, 3), np.uint8), np.ones((5, 5), np.uint8)
AROUND_PX = 12  # how far around the tool its surroundings are learned


@dataclass(frozen=True)
class Frame:
    """One view at one time. image: without what tints all of it since the photo. depth: of the pyramid."""

    camera: Camera
    image: Image
    photo: Image
    colors: ColorModel
    depth: int

    @cached_property
    def changed(self) -> NDArray[np.float32]:
        """(H, W) 0..1 how surely each pixel differs from the photo."""
        return change(self.image, self.photo)

    @cached_property
    def picture(self) -> NDArray[np.float32]:
        """(H, W, 5) RGB, likeness to the tool, and whether anything can be told: not behind a hand. 0..1."""
        likeness = self.colors.likeness(self.image) * self.changed
        covered = self.changed * (1.0 - likeness) * (1.0 - shaded(self.image, self.photo))
        # not the mixed colours along the tool's own edges, but all that mixes with a hand's
        covered = cv2.dilate(cv2.morphologyEx(covered, cv2.MORPH_OPEN, EDGE), BESIDE)
        known = 1.0 - covered
        return np.dstack([self.image.astype(np.float32) / 255.0, likeness, known])

    @cached_property
    def levels(self) -> list[Level]:
        """The picture at several sizes, full size first."""
        return pyramid(self.camera, self.picture, self.depth)

    def scene(self, templates: Templates) -> Scene:
        """The frame ready to be searched."""
        return open_scene(templates.shrink, self.camera, self.picture)


@dataclass(frozen=True)
class Footage:
    """A video, and what is known of one tool's colours in it."""

    video: StereoVideo
    rig: Rig
    appearance: Appearance
    colors: ColorModel
    depth: int

    def at(self, time: int, near: Array | None = None) -> tuple[Frame, Frame]:
        """The top and the side view; made anew at every call, for they are large.

        near: (4, 4) top_from_tool; only what is around the tool there is then made.
        """
        cameras, views = (self.rig.top, self.rig.side), (self.video.top, self.video.side)
        top, side = (
            self._frame(camera, frames[time], frames[0], None if near is None else view_from_top @ near)
            for camera, frames, view_from_top in zip(cameras, views, views_from_top(self.rig), strict=True)
        )
        return top, side

    def _frame(self, camera: Camera, image: Image, photo: Image, near: Array | None) -> Frame:
        shift = tint(image, photo)
        if near is not None:
            pixel, reach_px = self._around(camera, near)
            camera, rows, columns = window(camera, pixel, WIDER * reach_px)
            image, photo = image[rows, columns], photo[rows, columns]
        untinted = np.clip(image - shift, 0, 255).astype(np.uint8)
        return Frame(camera, untinted, photo, self.colors, self.depth)

    def _around(self, camera: Camera, camera_from_tool: Array) -> tuple[Array, float]:
        """The tool's centre (2,) and how far its surroundings reach, in px."""
        center = apply(camera_from_tool, self.appearance.center_m[None])[0]
        reach_px = 1.5 * self.appearance.radius_m * camera.K[0, 0] / max(0.1, float(center[2]))
        return project(camera, center), reach_px + 10

    def learned(self, time: int, top_from_tool: Array) -> "Footage":
        """With the tool's colours as seen at a time, where it is known to be."""
        on, around = [], []
        for frame, view_from_top in zip(self.at(time), views_from_top(self.rig), strict=True):
            tool, other = self._regions(frame, view_from_top @ top_from_tool)
            on.append(frame.image[tool])
            around.append(frame.image[other])
        return replace(self, colors=self.colors.learn(np.concatenate(on), np.concatenate(around)))

    def _regions(self, frame: Frame, camera_from_tool: Array) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Well inside the tool where it shows the colour it has there; and around it, and what covers it."""
        mask = np.zeros(frame.image.shape[:2], np.uint8)
        expected = np.zeros(frame.image.shape, np.float32)
        drawn = render(self.appearance, frame.camera, camera_from_tool)
        if drawn is not None:
            rows, columns = (
                slice(start, start + size)
                for start, size in zip((drawn.y, drawn.x), drawn.mask.shape, strict=True)
            )
            mask[rows, columns], expected[rows, columns] = drawn.mask, drawn.color
        inner = cv2.erode(mask, np.ones((3, 3), np.uint8)) > 0
        near = cv2.dilate(mask, np.ones((5, 5), np.uint8)) > 0
        far = cv2.dilate(mask, np.ones((2 * AROUND_PX + 1,) * 2, np.uint8)) > 0
        if self.appearance.paint is None:
            return inner, far & ~near
        alike = _shade_of(expected, frame.image.astype(np.float32) / 255.0)
        return inner & alike, (far & ~near) | (inner & ~alike)

    def close_up(self, frame: Frame, camera_from_tool: Array) -> Level:
        """The part of the frame around the tool, full size."""
        return frame.levels[0].around(*self._around(frame.camera, camera_from_tool))


def _shade_of(color: NDArray[np.float32], image: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(H, W) where image (H, W, 3) shows that colour, lighter or darker."""
    shade = (color * image).sum(axis=2) / np.maximum((color * color).sum(axis=2), 1e-4)
    difference = image - np.clip(shade, *SHADES)[..., None] * color
    far = np.linalg.norm(difference, axis=2)
    return np.asarray(far < np.maximum(ALIKE * np.linalg.norm(image, axis=2), NOISE))


def pyramid_depth(tool_px: float) -> int:
    """Levels at which a tool of this size in px is still large enough to be aligned."""
    return 1 + max(0, int(np.log2(tool_px / COARSEST_PX)))

"""What a video model does to a video: blur, ghosts, tints, compression, and views that do not quite agree."""

from dataclasses import dataclass

import cv2
import numpy as np

from dreamitate_ros.geometry import inverse
from dreamitate_ros.rig import Rig
from dreamitate_ros.values import Array, Image, StereoVideo

APART_PX = 4.0  # rms length of the offset between the views, at 768 px of width
CHANGED = 14  # grey levels


@dataclass(frozen=True)
class Strength:
    """Of each artefact in one video. blur: share of a frame's motion; ghost: share of the frame before;
    tint: standard deviation of the colours' gain; quality: JPEG's, of 100; apart_px: see APART_PX."""

    blur: float
    ghost: float
    tint: float
    quality: int
    apart_px: float


def random_strength(random: np.random.Generator) -> Strength:
    """From hardly visible to bad."""
    return Strength(
        blur=float(random.uniform(0, 0.35)),
        ghost=float(random.uniform(0, 0.35)),
        tint=float(random.uniform(0.01, 0.06)),
        quality=int(random.integers(25, 75)),
        apart_px=APART_PX,
    )


def disagreeing(rig: Rig, world_from_tool: Array, apart_px: float, random: np.random.Generator) -> Array:
    """(2, T, 4, 4) as each view shows it: moved across that view's axis by half of a random offset, each its own way.

    apart_px: rms length of the offset between the views; it varies slowly from time to time.
    """
    assert rig.world_from_top is not None
    count = len(world_from_tool)
    offsets = random.normal(0, apart_px / np.sqrt(2), (count, 2))  # per axis
    for time in range(1, count):
        offsets[time] = 0.6 * offsets[time - 1] + 0.8 * offsets[time]
    result = np.stack([world_from_tool, world_from_tool])
    focal_px = rig.top.K[0, 0] * 768 / rig.top.width
    for view, world_from_camera in enumerate((rig.world_from_top, rig.world_from_top @ rig.top_from_side)):
        depth_m = (inverse(world_from_camera) @ world_from_tool)[:, 2, 3]
        across_m = (0.5, -0.5)[view] * offsets * depth_m[:, None] / focal_px
        result[view, :, :3, 3] += across_m @ world_from_camera[:3, :2].T
    return result


def spoiled(video: StereoVideo, strength: Strength, random: np.random.Generator) -> StereoVideo:
    """The video with blur, ghosts, tint and compression; time 0, the photo, stays."""
    views = [_spoiled_view(frames, strength, random) for frames in (video.top, video.side)]
    return StereoVideo(views[0], views[1], video.fps)


def _spoiled_view(frames: Image, strength: Strength, random: np.random.Generator) -> Image:
    result = [frames[0]]
    for time in range(1, len(frames)):
        frame = frames[time].astype(np.float32)
        if time > 1:
            moved = _moved_px(frames[time - 1], frames[time], frames[0])
            frame = _blurred(frame, frames[0], strength.blur * moved)
            if random.random() < 0.5:
                frame = (1 - strength.ghost) * frame + strength.ghost * frames[time - 1]
        gain, offset = random.normal(1, strength.tint, 3), random.normal(0, 100 * strength.tint, 3)
        tinted = np.clip(frame * gain + offset, 0, 255).astype(np.uint8)
        _, packed = cv2.imencode(".jpg", tinted[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, strength.quality])
        unpacked = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), dtype=np.uint8)
        result.append(unpacked[..., ::-1])
    return np.stack(result)


def _moved_px(before: Image, frame: Image, photo: Image) -> Array:
    """(2,) how far what is not in the photo moved from the frame before, by its centre of mass."""
    centers = []
    for image in (before, frame):
        rows, columns = np.nonzero(cv2.absdiff(image, photo).max(axis=2) > CHANGED)
        if not len(rows):
            return np.zeros(2)
        centers.append(np.array([columns.mean(), rows.mean()]))
    return centers[1] - centers[0]


def _blurred(frame: np.ndarray, photo: Image, motion_px: Array) -> np.ndarray:
    """Smeared along the motion, where something moves."""
    length = float(np.linalg.norm(motion_px))
    if length < 1.5:
        return frame
    reach = int(np.ceil(length / 2))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    half = motion_px / 2
    start, end = (tuple(round(float(v)) for v in reach + sign * half) for sign in (-1, 1))
    cv2.line(kernel, start, end, 1.0)
    smeared = cv2.filter2D(frame, -1, kernel / kernel.sum())
    changed = (cv2.absdiff(frame.astype(np.uint8), photo).max(axis=2) > CHANGED).astype(np.float32)
    mask = cv2.GaussianBlur(cv2.dilate(changed, np.ones((2 * reach + 3,) * 2)), (0, 0), 2.0)[..., None]
    return mask * smeared + (1 - mask) * frame

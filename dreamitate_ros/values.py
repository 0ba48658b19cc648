"""What the stages hand to each other: frozen values of numpy arrays, with shapes, units and frames. No ROS.

Frames: `top` and `side` are optical frames (x right, y down, z forward). `world` lies on the table, z up,
between the cameras. `base` is an arm's base_link (REP-103), `flange` its tool0, `tool` the mesh's frame.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Image = NDArray[np.uint8]

Progress = Callable[[float, str], None]
"""Called with the fraction done (0..1) and what is being done, in the user's words."""

Stop = Callable[[], bool]
"""Says whether the user asked to cancel; polled at least every 0.2 s inside long operations."""


@dataclass(frozen=True)
class Camera:
    """A pinhole camera without distortion.

    K: (3, 3) intrinsics in px of the image it belongs to; pixel centres at integers.
    width, height: that image's size in px.
    """

    K: Array
    width: int
    height: int


@dataclass(frozen=True)
class StereoImage:
    """One photo pair. top, side: (H, W, 3) uint8 RGB; stamps in seconds of the cameras' clock."""

    top: Image
    side: Image
    top_stamp_s: float = 0.0
    side_stamp_s: float = 0.0

    @property
    def skew_s(self) -> float:
        """Time between the two exposures, in s, never negative."""
        return abs(self.top_stamp_s - self.side_stamp_s)


@dataclass(frozen=True)
class StereoVideo:
    """Both views of the imagined scene at times 0..T-1.

    top, side: (T, H, W, 3) uint8 RGB. fps: imagined frames per second. Time 0 is the photo in both views.
    """

    top: Image
    side: Image
    fps: float

    @property
    def times_s(self) -> Array:
        """(T,) time of each frame after the photo, in s."""
        return np.arange(len(self.top)) / self.fps


@dataclass(frozen=True)
class ToolTrack:
    """One tool's path through the imagined video.

    tool: the tool's name in the task ("left").
    times_s: (T,) s after the photo. top_from_tool: (T, 4, 4), metres; NaN where there is no pose.
    confidence: (T,) 0..1. observed: (T,) bool, False where interpolated, extrapolated or absent.
    residuals_px: (T, 2) rms distance in the top and the side view between the pose and what that view shows; NaN
    where not measured. sigma: (T, 6) standard deviation of position (m) and rotation (rad) along the top camera's
    axes; NaN where unknown.
    """

    tool: str
    times_s: Array
    top_from_tool: Array
    confidence: Array
    observed: NDArray[np.bool_]
    residuals_px: Array
    sigma: Array

    @property
    def present(self) -> NDArray[np.bool_]:
        """(T,) True where there is a pose."""
        return np.asarray(np.isfinite(self.top_from_tool).all(axis=(1, 2)))


@dataclass(frozen=True)
class ToolPath:
    """Where one arm is asked to take its tool: times_s (N,), base_from_tool (N, 4, 4) in that arm's base.

    moved_m: (3,) in the world: by what the whole path was moved from where the tool was tracked.
    leveled_rad: by what the tool was turned at most, so that it rests level where it is at work.
    """

    arm: str
    times_s: Array
    base_from_tool: Array
    moved_m: Array = field(default_factory=lambda: np.zeros(3))
    leveled_rad: float = 0.0


@dataclass(frozen=True)
class ArmTrajectory:
    """A timed joint motion of one arm and the tool path it realises.

    joint_names: J names in the order of the columns. times_s: (N,) from the start, increasing.
    positions: (N, J) rad; velocities: rad/s; accelerations: rad/s^2.
    contact_s: when the tracked path starts and ends within it, in s (before is approach, after is retreat).
    path: the tool path asked for, retimed to this trajectory's clock.
    """

    arm: str
    joint_names: tuple[str, ...]
    times_s: Array
    positions: Array
    velocities: Array
    accelerations: Array
    contact_s: tuple[float, float]
    path: ToolPath


@dataclass(frozen=True)
class Execution:
    """What the arms did: per arm the measured joints, and the tool's error along the tracked path.

    times_s: (M,) s from the start of the motion; positions: arm -> (M, J) rad, measured.
    path_error_mm, path_error_deg: arm -> (K,) measured against ArmTrajectory.path at its poses.
    """

    times_s: Array
    positions: dict[str, Array]
    path_error_mm: dict[str, Array] = field(default_factory=dict)
    path_error_deg: dict[str, Array] = field(default_factory=dict)

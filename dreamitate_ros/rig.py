"""The calibrated rig: two cameras, how they stand to each other and to the arms, and since when."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from dreamitate_ros.capture.framing import crop_camera
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.geometry import inverse, is_rigid
from dreamitate_ros.values import Array, Camera
from dreamitate_ros.yaml_file import load_mapping, matrix

INVALID = ErrorCode.INVALID_RIG


@dataclass(frozen=True)
class Rig:
    """Two cameras and the arms' bases. Optical frames, metres.

    top, side: cameras of the cropped and resized images that the video model sees.
    top_from_side: (4, 4). base_from_top: arm name -> (4, 4), empty when only tracking.
    world_from_top: (4, 4), the world being the table's surface, z up; None when only tracking.
    calibrated_at: when, None when the file does not say. method: how ("simulated" never grows stale).
    """

    top: Camera
    side: Camera
    top_from_side: Array
    base_from_top: dict[str, Array] = field(default_factory=dict)
    world_from_top: Array | None = None
    calibrated_at: datetime | None = None
    method: str = "unknown"

    @property
    def side_from_top(self) -> Array:
        """(4, 4) the inverse of top_from_side."""
        return inverse(self.top_from_side)

    def resized(self, width: int, height: int) -> "Rig":
        """The rig of its images cropped and resized to width x height px."""
        return replace(
            self, top=crop_camera(self.top, width, height), side=crop_camera(self.side, width, height)
        )

    def world_from_base(self, arm: str) -> Array:
        """(4, 4) where `arm` stands; raises INVALID_RIG when the rig does not know the arm or the table."""
        if self.world_from_top is None or arm not in self.base_from_top:
            raise DreamitateError(
                INVALID,
                f"the rig does not say where the arm '{arm}' stands; it needs 'world_from_top' and"
                f" 'base_from_top: {{{arm}: 4x4}}' before an arm can move",
            )
        return self.world_from_top @ inverse(self.base_from_top[arm])

    def require_fresh(self, max_age_days: float, now: datetime) -> None:
        """Raise STALE_CALIBRATION unless calibrated within max_age_days before now (simulation is exact)."""
        if self.method == "simulated":
            return
        if self.calibrated_at is None:
            raise DreamitateError(
                ErrorCode.STALE_CALIBRATION,
                "the rig has no 'calibrated_at' date; calibrate it before moving an arm",
            )
        age_days = (now - self.calibrated_at).total_seconds() / 86400
        if age_days > max_age_days:
            raise DreamitateError(
                ErrorCode.STALE_CALIBRATION,
                f"the rig was calibrated {age_days:.1f} days ago;"
                f" at most {max_age_days:g} are allowed: calibrate again",
            )


def load_rig(path: Path) -> Rig:
    """Read and check a rig file; raises DreamitateError(INVALID_RIG) naming what is wrong in it."""
    content = load_mapping(path, INVALID)
    width, height = (_positive_int(content, key, path) for key in ("width", "height"))
    bases = content.get("base_from_top") or {}
    return Rig(
        top=_camera(content, "top", width, height, path),
        side=_camera(content, "side", width, height, path),
        top_from_side=_rigid(content, "top_from_side", path),
        world_from_top=_rigid(content, "world_from_top", path) if "world_from_top" in content else None,
        base_from_top={arm: _rigid(bases, arm, path) for arm in bases},
        calibrated_at=_instant(content.get("calibrated_at"), path),
        method=str(content.get("method", "unknown")),
    )


def _positive_int(content: dict[str, Any], key: str, path: Path) -> int:
    value = content.get(key)
    if not isinstance(value, int) or value <= 0:
        raise DreamitateError(
            INVALID,
            f"{path}: '{key}' must be a whole number of pixels above 0, found {value!r}",
        )
    return value


def _camera(content: dict[str, Any], view: str, width: int, height: int, path: Path) -> Camera:
    section = content.get(view)
    if not isinstance(section, dict):
        raise DreamitateError(
            INVALID,
            f"{path}: the camera '{view}' is missing; expected '{view}: {{K: 3x3}}'",
        )
    K = matrix(section, "K", (3, 3), path, INVALID)
    inside = 0 <= K[0, 2] < width and 0 <= K[1, 2] < height
    if K[0, 0] <= 0 or K[1, 1] <= 0 or not inside or not np.allclose(K[2], [0, 0, 1]):
        raise DreamitateError(
            INVALID,
            f"{path}: '{view}.K' does not fit a {width}x{height} image; expected positive focal lengths"
            " and a principal point inside the image",
        )
    return Camera(K, width, height)


def _rigid(content: dict[str, Any], key: str, path: Path) -> Array:
    value = matrix(content, key, (4, 4), path, INVALID)
    if not is_rigid(value):
        raise DreamitateError(
            INVALID,
            f"{path}: the rotation of '{key}' is not orthonormal and right-handed; calibrate again",
        )
    return value


def _instant(value: Any, path: Path) -> datetime | None:
    if value is None:
        return None
    try:
        instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        raise DreamitateError(
            INVALID,
            f"{path}: 'calibrated_at' must be a date like 2026-11-22T14:30:00Z, found {value!r}",
        ) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)

"""Two free-running cameras: the newest two images that belong together, or a clear refusal."""

from collections import deque
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar

from dreamitate_ros.errors import DreamitateError, ErrorCode

View = Literal["top", "side"]
VIEWS: tuple[View, ...] = ("top", "side")
KEPT_IMAGES = 5

T = TypeVar("T")


@dataclass
class StereoPairer(Generic[T]):
    """Keeps the last images of each view (of any type T) and pairs them by stamp.

    max_skew_s: largest allowed time between the two exposures. max_age_s: of the older one.
    """

    max_skew_s: float
    max_age_s: float
    _kept: dict[View, deque[tuple[float, T]]] = field(
        default_factory=lambda: {view: deque(maxlen=KEPT_IMAGES) for view in VIEWS}
    )

    def add(self, view: View, stamp_s: float, image: T) -> None:
        """Remember an image of one view with its exposure time in s."""
        self._kept[view].append((stamp_s, image))

    def clear(self) -> None:
        """Forget all images, to wait for new ones."""
        for images in self._kept.values():
            images.clear()

    def pair(self, now_s: float) -> tuple[tuple[float, T], tuple[float, T]]:
        """((stamp_s, top), (stamp_s, side)): the fresh pair with the smallest skew, the newest of equals.

        Raises DreamitateError: NO_IMAGES, IMAGES_STALE or IMAGES_SKEWED, naming the view and the amount.
        """
        for view in VIEWS:
            if not self._kept[view]:
                raise DreamitateError(
                    ErrorCode.NO_IMAGES,
                    f"the {view} camera publishes no images; is it running on this topic?",
                )
            age_s = now_s - self._kept[view][-1][0]
            if age_s > self.max_age_s:
                raise DreamitateError(
                    ErrorCode.IMAGES_STALE,
                    f"the newest {view} image is {age_s:.2f} s old, at most {self.max_age_s:g} s is allowed;"
                    " check the camera and the clocks",
                )
        fresh = {
            view: [kept for kept in self._kept[view] if now_s - kept[0] <= self.max_age_s] for view in VIEWS
        }
        top, side = min(
            ((top, side) for top in fresh["top"] for side in fresh["side"]),
            key=lambda pair: (abs(pair[0][0] - pair[1][0]), -pair[0][0]),
        )
        skew_s = abs(top[0] - side[0])
        if skew_s > self.max_skew_s:
            raise DreamitateError(
                ErrorCode.IMAGES_SKEWED,
                f"the two cameras are {1e3 * skew_s:.0f} ms apart,"
                f" at most {1e3 * self.max_skew_s:.0f} ms is allowed;"
                " synchronise their clocks or allow a larger skew for a still scene",
            )
        return top, side

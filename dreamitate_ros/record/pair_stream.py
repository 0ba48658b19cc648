"""Every pair of images of two free-running cameras, in order; and how many images found no partner."""

from collections import deque
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from dreamitate_ros.capture.pairing import VIEWS, View

T = TypeVar("T")
Kept = tuple[float, T]


@dataclass
class PairStream(Generic[T]):
    """max_skew_s: largest time between two exposures of a pair. unpaired: images that were left alone so far."""

    max_skew_s: float
    unpaired: int = 0
    _waiting: dict[View, deque[tuple[float, T]]] = field(
        default_factory=lambda: {view: deque() for view in VIEWS}
    )

    def add(self, view: View, stamp_s: float, image: T) -> list[tuple[Kept[T], Kept[T]]]:
        """The ((stamp_s, top), (stamp_s, side)) that are complete with this image."""
        self._waiting[view].append((stamp_s, image))
        top, side = self._waiting["top"], self._waiting["side"]
        pairs = []
        while top and side:
            ahead_s = top[0][0] - side[0][0]
            if abs(ahead_s) <= self.max_skew_s:
                pairs.append((top.popleft(), side.popleft()))
                continue
            (side if ahead_s > 0 else top).popleft()  # its partner never came
            self.unpaired += 1
        return pairs

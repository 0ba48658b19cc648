"""One trial: what the policy said, what really happened, and how long it took."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from dreamitate_ros.report.timing import overhead_s, stages

SUCCESS_DEG = 25.0  # paper, section 4.1: turned at least this much, contact kept


@dataclass(frozen=True)
class Trial:
    """seed: of the scene. error: "" or CODE: message. rotated_deg, in_contact_deg: ground truth, counter-clockwise;
    the second counts only what was turned while every tool touched the object. path_error_mm: arm -> median.
    stages_s: stage -> duration. overhead_s: goal to first motion, less the stages' own compute.
    """

    seed: int
    episode: str
    error: str
    rotated_deg: float
    in_contact_deg: float
    wall_s: float
    path_error_mm: dict[str, float] = field(default_factory=dict)
    stages_s: dict[str, float] = field(default_factory=dict)
    overhead_s: float | None = None

    @property
    def success(self) -> bool:
        """The policy ran to its end, and the object really turned far enough with the tools in contact."""
        return not self.error and min(self.rotated_deg, self.in_contact_deg) >= SUCCESS_DEG

    def to_json(self) -> dict[str, Any]:
        """Plain values, with the verdict."""
        return asdict(self) | {"success": self.success}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Trial":
        """The inverse of to_json."""
        return cls(**{key: value for key, value in content.items() if key != "success"})


def stage_times(events: Sequence[dict[str, Any]]) -> tuple[dict[str, float], float | None]:
    """Stage -> s, and the overhead in s, from an episode's events."""
    return {stage.name: stage.duration_s for stage in stages(events)}, overhead_s(events)

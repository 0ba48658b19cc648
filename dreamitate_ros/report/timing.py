"""How long the stages of an episode took, from its events (see Episode.event)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Stage:
    """One stage of a run: seconds after the goal; compute_s is its own work, None when it does not say."""

    name: str
    start_s: float
    end_s: float
    compute_s: float | None = None

    @property
    def duration_s(self) -> float:
        """Wall time from start to end, in s."""
        return self.end_s - self.start_s


def stages(events: Sequence[dict[str, Any]]) -> list[Stage]:
    """The stages in order, each once a dream; one that never came to an end ends with the last event."""
    started: dict[str, float] = {}
    done: list[Stage] = []
    for event in events:
        name, elapsed_s = event.get("stage"), float(event.get("elapsed_s", 0.0))
        if event.get("event") == "started" and name:
            started[name] = elapsed_s
        elif event.get("event") in ("finished", "failed") and name in started:
            done.append(Stage(name, started.pop(name), elapsed_s, event.get("compute_s")))
    last_s = float(events[-1].get("elapsed_s", 0.0)) if events else 0.0
    return done + [Stage(name, start_s, last_s) for name, start_s in started.items()]


def overhead_s(events: Sequence[dict[str, Any]]) -> float | None:
    """From the goal to the first motion, less the stages' own compute; None when nothing moved."""
    moved = [event["elapsed_s"] for event in events if event.get("event") == "motion_started"]
    if not moved:
        return None
    before = [stage for stage in stages(events) if stage.start_s <= moved[0]]
    return float(moved[0]) - sum(min(stage.compute_s or 0.0, moved[0] - stage.start_s) for stage in before)

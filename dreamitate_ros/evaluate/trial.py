"""One trial: what the policy said in each round, what really happened, and how long it took."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dreamitate_ros import episode_files as files
from dreamitate_ros.dreams.choose import REFUSALS
from dreamitate_ros.errors import ErrorCode
from dreamitate_ros.report.timing import overhead_s, stages
from dreamitate_ros.simulate.measure import Outcome


@dataclass(frozen=True)
class Round:
    """One photograph-imagine-track-act. episode: its folder. error: "" or CODE: message, and the stage it came from.

    outcome: ground truth at its end, counted from the scene's start. path_error_mm: arm -> median. stages_s: stage ->
    duration, of all dreams. overhead_s: goal to first motion, less the stages' own compute.
    dreams: how many were imagined and judged. chosen: the number, from 1, of the one acted out; None: none was.
    """

    episode: str
    error: str
    stage: str
    outcome: Outcome
    path_error_mm: dict[str, float] = field(default_factory=dict)
    stages_s: dict[str, float] = field(default_factory=dict)
    overhead_s: float | None = None
    dreams: int = 1
    chosen: int | None = None

    @property
    def ends_trial(self) -> bool:
        """It failed as no other dream would mend. Where all dreams were refused nothing moved: the next may be fit."""
        if not self.error or self.stage == "execute":
            return bool(self.error)
        return self.error.partition(":")[0] not in {
            code.name for code in (*REFUSALS, ErrorCode.DREAMS_REFUSED)
        }


def round_seed(seed: int, number: int, samples: int) -> int:
    """Of a trial's first dream in round `number`, from 0: no two of its dreams have the same."""
    return seed + number * samples


@dataclass(frozen=True)
class Trial:
    """seed: of the scene. crash: what ended the trial from outside, "" when nothing did. No rounds: it never began."""

    seed: int
    rounds: tuple[Round, ...]
    wall_s: float
    crash: str = ""

    @property
    def best(self) -> Round | None:
        """The round that went best, of those that ran to their end; else the last one."""
        complete = [each for each in self.rounds if not each.error]
        if complete:
            return max(complete, key=lambda each: each.outcome.score)
        return self.rounds[-1] if self.rounds else None

    @property
    def dreams(self) -> int:
        """How many were imagined, in all rounds."""
        return sum(each.dreams for each in self.rounds)

    @property
    def success(self) -> bool:
        """A round ran to its end, and the scene then was as the task wants it."""
        return self.best is not None and not self.best.error and self.best.outcome.success

    @property
    def error(self) -> str:
        """What went wrong, "" when everything ran to its end."""
        return self.crash or next((each.error for each in self.rounds if each.error), "")

    @property
    def failed_stage(self) -> str:
        """Where a failed trial broke: a stage, `outcome` where all of them ran, `crash`; "" for a success."""
        if self.success:
            return ""
        if self.crash:
            return "crash"
        return next((each.stage for each in self.rounds if each.error), "outcome")

    def to_json(self) -> dict[str, Any]:
        """Plain values, with the verdict."""
        return asdict(self) | {"success": self.success, "failed_stage": self.failed_stage}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Trial":
        """The inverse of to_json."""
        rounds = tuple(Round(**each | {"outcome": Outcome(**each["outcome"])}) for each in content["rounds"])
        return cls(content["seed"], rounds, content["wall_s"], content["crash"])


def read_round(episode: Path, error: str, outcome: Outcome) -> Round:
    """What an episode's folder tells of it; error: "" or CODE: message."""
    events = files.read_events(episode / files.EVENTS)
    return Round(
        episode=str(episode),
        error=error,
        stage=next(
            (str(event["stage"]) for event in reversed(events) if event.get("event") == "failed"), "start"
        )
        if error
        else "",
        outcome=outcome,
        path_error_mm=_path_error_mm(episode / files.EXECUTED),
        stages_s=_stages_s(events),
        overhead_s=overhead_s(events),
        dreams=sum(event.get("event") == "judged" for event in events),
        chosen=next((event["dream"] for event in events if event.get("event") == "chosen"), None),
    )


def _stages_s(events: Sequence[dict[str, Any]]) -> dict[str, float]:
    total_s: dict[str, float] = {}
    for stage in stages(events):
        total_s[stage.name] = total_s.get(stage.name, 0.0) + stage.duration_s
    return total_s


def _path_error_mm(path: Path) -> dict[str, float]:
    if not path.is_file():
        return {}
    errors = files.read_execution(path).path_error_mm
    return {arm: float(np.nanmedian(mm)) for arm, mm in errors.items() if np.isfinite(mm).any()}

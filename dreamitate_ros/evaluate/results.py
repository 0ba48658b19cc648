"""An evaluation's folder: what is evaluated, one file a trial, and the episodes; it can be gone on with at any time.

evaluation.yaml           task, generator and whether the trials went through ROS
trials/900000.json        one trial, written when it ended
episodes/                 the episode folders of all rounds
trials.json report.html   all of it together, written at the end
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dreamitate_ros.episode_files import plain
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.evaluate.summary import summarise
from dreamitate_ros.evaluate.trial import Trial
from dreamitate_ros.whole_file import write_whole

SETTINGS, ALL, REPORT, TRIALS, EPISODES = (
    "evaluation.yaml",
    "trials.json",
    "report.html",
    "trials",
    "episodes",
)


@dataclass(frozen=True)
class Results:
    """folder: of the evaluation. settings: what all its trials have in common."""

    folder: Path
    settings: dict[str, Any]

    @classmethod
    def open(cls, folder: Path, settings: dict[str, Any]) -> "Results":
        """A new evaluation, or one begun earlier with the same settings; raises INVALID_PARAMETER for others."""
        path = folder / SETTINGS
        found = yaml.safe_load(path.read_text()) if path.is_file() else None
        if found is not None and found != settings:
            raise DreamitateError(
                ErrorCode.INVALID_PARAMETER,
                f"{folder} holds another evaluation ({found}), asked for is {settings}; name another folder",
            )
        try:
            (folder / TRIALS).mkdir(parents=True, exist_ok=True)
            (folder / EPISODES).mkdir(exist_ok=True)
            write_whole(path, yaml.safe_dump(settings, sort_keys=False))
        except OSError as error:
            raise DreamitateError(ErrorCode.INVALID_PARAMETER, f"cannot write to {folder}: {error}") from None
        return cls(folder, settings)

    @property
    def episodes(self) -> Path:
        """Where episode folders go."""
        return (self.folder / EPISODES).absolute()

    def keep(self, trial: Trial) -> None:
        """Write one trial, whole or not at all."""
        write_whole(self._path(trial.seed), json.dumps(plain(trial.to_json()), indent=1) + "\n")

    def trial(self, seed: int) -> Trial | None:
        """The trial of a seed; None where there is none yet."""
        path = self._path(seed)
        return Trial.from_json(json.loads(path.read_text())) if path.is_file() else None

    def trials(self) -> list[Trial]:
        """All so far, by their seeds."""
        seeds = sorted(int(path.stem) for path in (self.folder / TRIALS).glob("*.json"))
        return [trial for seed in seeds if (trial := self.trial(seed)) is not None]

    def write_all(self) -> None:
        """trials.json and report.html of all trials so far."""
        from dreamitate_ros.evaluate.page import render

        trials = self.trials()
        content = {
            **self.settings,
            "summary": summarise(trials),
            "trials": [trial.to_json() for trial in trials],
        }
        write_whole(self.folder / ALL, json.dumps(plain(content), indent=1) + "\n")
        write_whole(self.folder / REPORT, render(self.folder, self.settings, trials))

    def _path(self, seed: int) -> Path:
        return self.folder / TRIALS / f"{seed}.json"

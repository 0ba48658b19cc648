"""report.html of an evaluation: the figures, and every trial with its strip of pictures, failures first by stage."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from dreamitate_ros import episode_files as files
from dreamitate_ros.evaluate.strip import strip
from dreamitate_ros.evaluate.summary import row, table
from dreamitate_ros.evaluate.trial import Round, Trial
from dreamitate_ros.report.pictures import picture

STAGES = ("crash", "start", "capture", "generate", "track", "plan", "approve", "execute", "outcome")
"""In the order in which a trial can fail."""


@dataclass(frozen=True)
class Shown:
    """One trial on the page. strip: data URL or None. links: name -> path from the page."""

    text: str
    success: bool
    strip: str | None
    links: dict[str, str]


def render(folder: Path, settings: dict[str, Any], trials: Sequence[Trial]) -> str:
    """The page as text, for an evaluation in `folder`; pictures are in it, videos are linked."""
    template = Path(__file__).with_name("report.html").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    groups = [(heading(stage), _of_stage(trials, stage)) for stage in (*STAGES, "")]
    return environment.from_string(template).render(
        settings=settings,
        table=table(trials),
        groups=[(title, [shown(folder, trial) for trial in some]) for title, some in groups if some],
    )


def heading(stage: str) -> str:
    """Of the trials that failed in a stage; "" are the successes."""
    words = {
        "": "Successes",
        "outcome": "Failures: every stage ran, the outcome is not what the task wants",
        "crash": "Failures: crashed",
        "start": "Failures before the first stage",
    }
    return words.get(stage, f"Failures in {stage}")


def _of_stage(trials: Sequence[Trial], stage: str) -> list[Trial]:
    return [trial for trial in trials if trial.failed_stage == stage]


def shown(folder: Path, trial: Trial) -> Shown:
    """A trial as a page in `folder` shows it."""
    chosen = _telling(trial)
    image = strip(Path(chosen.episode)) if chosen is not None else None
    return Shown(
        text=row(trial),
        success=trial.success,
        strip=None if image is None else picture(image, image.shape[1]),
        links={
            f"{name} of round {number}" if len(trial.rounds) > 1 else name: link
            for number, each in enumerate(trial.rounds, start=1)
            for name, link in _links(folder, Path(each.episode)).items()
        },
    )


def _telling(trial: Trial) -> Round | None:
    """The round to show: the best, or of a trial that broke off, the one that failed."""
    failed = [each for each in trial.rounds if each.error]
    return failed[0] if failed and not trial.success else trial.best


def _links(folder: Path, episode: Path) -> dict[str, str]:
    named = {"report": files.REPORT, "imagined": files.OVERLAY, "done": files.EXECUTION_VIDEO}
    return {
        name: os.path.relpath(episode / file, folder.absolute())
        for name, file in named.items()
        if (episode / file).is_file()
    }

"""report.html: an episode folder in, one self-contained page out."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import yaml

from dreamitate_ros import episode_files as files
from dreamitate_ros.execute.remedy import path_changes
from dreamitate_ros.report.record import Record, read_record
from dreamitate_ros.report.timing import Stage, overhead_s, stages
from dreamitate_ros.whole_file import write_whole

STAGE_SENTENCES = {
    "capture": "while taking the photos",
    "generate": "while imagining the video",
    "track": "while tracking the tools",
    "plan": "while planning the motion",
    "approve": "while waiting for approval",
    "execute": "while the arms were moving",
}
FACTS_NOT_SHOWN = {"time", "elapsed_s", "event", "stage"}


def write_report(folder: Path) -> Path:
    """Write report.html in an episode folder from the files there, and return its path.

    A part that cannot be shown says so in its place; the rest of the page stands.
    """
    path = folder / files.REPORT
    write_whole(path, render(read_record(folder)))
    return path


def render(record: Record) -> str:
    """The page as text."""
    template = Path(__file__).with_name("report.html").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(template).render(
        record=record,
        verdict=verdict(record),
        figures=numbers(record),
        stages=stages(record.events),
        total_s=max((stage.end_s for stage in stages(record.events)), default=0.0),
        overhead_s=overhead_s(record.events),
        rows=[_row(event) for event in record.events],
        parameters=yaml.safe_dump(record.parameters, sort_keys=False, allow_unicode=True),
        **_shown(record),
    )


def verdict(record: Record) -> dict[str, str]:
    """The outcome in a sentence: kind (success, failure, interrupted), headline, and what to know besides."""
    if not record.result:
        last = _last_stage(stages(record.events))
        where = STAGE_SENTENCES.get(last, "before the first stage")
        return {
            "kind": "interrupted",
            "headline": f"The run was cut off {where}.",
            "detail": "There is no result: the process ended without one. What it recorded is below.",
        }
    if not record.result.get("success"):
        where = STAGE_SENTENCES.get(_last_stage(stages(record.events)), "before the first stage")
        return {
            "kind": "failure",
            "headline": str(record.result.get("message") or "The run failed without a reason."),
            "detail": f"Failed {where} (error {record.result.get('error_code')},"
            f" {record.result.get('error')}).",
        }
    return {"kind": "success", "headline": _success(record), "detail": _how(record)}


def _success(record: Record) -> str:
    if "summary" not in record.truth:
        return "The arms acted out the imagined video."
    judged = "as the task wants it" if record.truth.get("success") else "which is not enough"
    return f"In the simulated cell {record.truth['summary']}: {judged}."


def _how(record: Record) -> str:
    """What the arms followed, and how well."""
    changes = path_changes(trajectory.path for trajectory in record.plan.values())
    return " ".join(filter(None, [_errors(record), f"Not as tracked: {changes}." if changes else ""]))


def _errors(record: Record) -> str:
    errors = record.execution.path_error_mm if record.execution else {}
    each = [
        f"{arm} {np.sqrt(np.mean(np.square(error))):.1f} mm (at most {np.max(error):.1f})"
        for arm, error in errors.items()
        if len(error)
    ]
    return f"Path error of the tools, root mean square: {', '.join(each)}." if each else ""


def _last_stage(done: list[Stage]) -> str:
    return max(done, key=lambda stage: stage.start_s).name if done else ""


def numbers(record: Record) -> list[tuple[str, str]]:
    """The line of facts under the headline: name and value."""
    result = [("task", record.task)]
    for name in ("generator", "seed"):
        if name in record.parameters:
            result.append((name, str(record.parameters[name])))
    if record.events:
        result.append(("started", str(record.events[0].get("time", ""))[:19].replace("T", " ") + " UTC"))
    if "duration_s" in record.result:
        result.append(("took", f"{record.result['duration_s']:.1f} s"))
    return result


def _row(event: dict[str, Any]) -> dict[str, str]:
    facts = {key: value for key, value in event.items() if key not in FACTS_NOT_SHOWN}
    return {
        "elapsed": f"{float(event.get('elapsed_s', 0.0)):.2f}",
        "stage": str(event.get("stage", "")),
        "event": str(event.get("event", "")).replace("_", " "),
        "facts": ", ".join(f"{key} {_short(value)}" for key, value in facts.items()),
    }


def _short(value: Any) -> str:
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 300 else text[:297] + "..."


def _shown(record: Record) -> dict[str, Any]:
    from dreamitate_ros.report import dreams, motion_plots, paths_plot, pictures

    folder = record.folder
    drawn_over = folder / files.OVERLAY
    parts: dict[str, Callable[[], Any]] = {
        "top": lambda: pictures.picture_file(folder / files.TOP),
        "side": lambda: pictures.picture_file(folder / files.SIDE),
        "sheet": lambda: pictures.contact_sheet(
            drawn_over if drawn_over.is_file() else folder / files.IMAGINED
        ),
        "dreams": lambda: dreams.judged_dreams(record),
        "imagined_video": lambda: pictures.video_file(
            drawn_over if drawn_over.is_file() else folder / files.IMAGINED
        ),
        "execution_video": lambda: pictures.video_file(folder / files.EXECUTION_VIDEO),
        "above": lambda: paths_plot.paths_from_above(record),
        "components": lambda: paths_plot.components(record),
        "joints": lambda: motion_plots.joint_motion(record),
        "error": lambda: motion_plots.path_error(record),
    }
    shown: dict[str, Any] = {}
    problems: list[str] = []
    for name, make in parts.items():
        try:
            shown[name] = make()
        except Exception as error:  # one broken file must not cost the page
            shown[name] = None
            problems.append(f"{name.replace('_', ' ')}: {type(error).__name__}: {error}")
    return shown | {"has_overlay": drawn_over.is_file(), "problems": problems}

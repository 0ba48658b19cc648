"""A task as config/tasks/*.yaml describes it: prompt, tools, timing, gates and workspace."""

import math
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.yaml_file import load_mapping

MOST_SAMPLES = 32  # each video is some 30 MB while they are compared


class Choice(Enum):
    """Which of several dreams is acted out (docs/dreams.md).

    CLEAR: the first against which nothing speaks, and no more are imagined; else the best. MEAN: all samples are
    imagined, and the mean path of those that are fit is acted out.
    """

    CLEAR = "clear"
    MEAN = "mean"


@dataclass(frozen=True)
class Task:
    """prompt: what the model is told. arm_tools: arm name -> tool directory name under config/tools.

    fps: imagined frames per second. frames: times per view, the photo included.
    confidence_gate: 0..1, below which a pose is not acted on. max_calibration_age_days.
    speed_scale: 0..1 of the arms' limits and of the imagined speed.
    workspace_m: ((x, x), (y, y), (z, z)) allowed for the tools' origins, in the world frame.
    contact_height_m: to which height over the table a tool at work comes down, or lower; more for a tall thing.
    contact_within_m: a tool that the video shows this near contact_height_m is at work, and acts at that height:
    imagined depth wobbles. 0 acts out the heights as tracked.
    contact_within_deg: a tool at work that is tilted by less rests level: imagined turns wobble. 0 leaves it tilted.
    samples: how many videos are imagined at most, to act one of them out. choice: which, or their mean.
    model: of the generator diffusion: one of those in dreamitate_models, or a path; "" where none was trained for it.
    rig: of the simulated cell for this task, a file in config/rigs. Real cameras' is given to the nodes.
    """

    name: str
    prompt: str
    arm_tools: dict[str, str]
    fps: float
    frames: int
    confidence_gate: float
    max_calibration_age_days: float
    speed_scale: float
    workspace_m: tuple[tuple[float, float], ...]
    contact_height_m: float = 0.0
    contact_within_m: float = 0.0
    contact_within_deg: float = 0.0
    samples: int = 1
    choice: Choice = Choice.CLEAR
    model: str = ""
    rig: str = "cell"


def load_task(name: str, config: Path) -> Task:
    """config/tasks/NAME.yaml; raises UNKNOWN_TASK (listing the known ones) or INVALID_PARAMETER."""
    path = config / "tasks" / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in (config / "tasks").glob("*.yaml"))) or "none"
        raise DreamitateError(ErrorCode.UNKNOWN_TASK, f"there is no task '{name}'; known tasks: {known}")
    content = load_mapping(path, ErrorCode.INVALID_PARAMETER)
    try:
        task = Task(
            name=name,
            prompt=str(content["prompt"]),
            arm_tools={str(arm): str(tool) for arm, tool in content["arm_tools"].items()},
            fps=float(content["fps"]),
            frames=int(content["frames"]),
            confidence_gate=float(content["confidence_gate"]),
            max_calibration_age_days=float(content["max_calibration_age_days"]),
            speed_scale=float(content["speed_scale"]),
            workspace_m=tuple((float(low), float(high)) for low, high in content["workspace_m"]),
            contact_height_m=float(content.get("contact_height_m", Task.contact_height_m)),
            contact_within_m=float(content.get("contact_within_m", Task.contact_within_m)),
            contact_within_deg=float(content.get("contact_within_deg", Task.contact_within_deg)),
            choice=_choice(path, content.get("choice", Task.choice.value)),
            model=str(content.get("model", Task.model)),
            rig=str(content.get("rig", Task.rig)),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, f"{path}: missing or malformed value: {error}"
        ) from None
    require_range("fps", task.fps, 0.1, 240.0)
    require_range("frames", task.frames, 2, 1000)
    require_range("confidence_gate", task.confidence_gate, 0.0, 1.0)
    require_range("speed_scale", task.speed_scale, 0.01, 1.0)
    require_range("contact_height_m", task.contact_height_m, 0.0, 2.0)
    require_range("contact_within_m", task.contact_within_m, 0.0, 0.2)
    require_range("contact_within_deg", task.contact_within_deg, 0.0, 45.0)
    return with_samples(task, content.get("samples", Task.samples))


def _choice(path: Path, name: Any) -> Choice:
    try:
        return Choice(name)
    except ValueError:
        known = ", ".join(choice.value for choice in Choice)
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, f"{path}: choice must be one of {known}, found {name!r}"
        ) from None


def with_samples(task: Task, samples: int) -> Task:
    """The task with as many dreams to choose from; raises INVALID_PARAMETER."""
    if samples not in range(1, MOST_SAMPLES + 1):
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"samples must be a whole number from 1 to {MOST_SAMPLES}, found {samples!r}",
        )
    return replace(task, samples=int(samples))


def cell_rig_path(task: Task, config: Path) -> Path:
    """The rig file of the simulated cell for a task."""
    return config / "rigs" / f"{task.rig}.yaml"


def require_model(task: Task) -> str:
    """The name of the task's model; raises INVALID_PARAMETER where none was trained for it."""
    if not task.model:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"no model ships for the task '{task.name}'; let the scripted expert imagine (--generator oracle), or give"
            " `dreamitate evaluate` a trained model's folder (--model DIR)",
        )
    return task.model


def require_range(name: str, value: Any, low: float, high: float) -> float:
    """`value` as a float within [low, high]; raises INVALID_PARAMETER for anything else, NaN included."""
    if not isinstance(value, int | float) or not math.isfinite(value) or not low <= value <= high:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"{name} must be a number from {low:g} to {high:g}, found {value!r}",
        )
    return float(value)

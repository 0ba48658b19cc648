"""The files of an episode folder, each format in both directions. Units and frames as in values.py."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from dreamitate_ros.simulate.measure import Outcome
from dreamitate_ros.values import ArmTrajectory, Execution, ToolPath

TOP, SIDE = "top.png", "side.png"
IMAGINED, OVERLAY, EXECUTION_VIDEO = "imagined.mp4", "overlay.mp4", "execution.mp4"
SUMMARY = "summary.png"
TRACKS, PLANNED, EXECUTED = "tracks.json", "planned.npz", "executed.npz"
DREAMS, VERDICT = "dreams", "verdict.json"
EVENTS, PARAMETERS, RESULT, TRUTH, RIG, REPORT = (
    "events.jsonl",
    "parameters.yaml",
    "result.json",
    "truth.json",
    "rig.yaml",
    "report.html",
)


def plain(value: Any) -> Any:
    """`value` as JSON and YAML hold it: numbers that are not finite become None, unknown types their text."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, str | bytes):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | bool | int):
        return value
    return str(value)


def read_events(path: Path) -> list[dict[str, Any]]:
    """The events in `path`, in order; a last line cut off by a crash is left out."""
    events = []
    for line in path.read_text().splitlines() if path.is_file() else ():
        try:
            events.append(json.loads(line))
        except ValueError:
            continue
    return events


def write_truth(path: Path, seed: int, outcome: Outcome) -> None:
    """What really happened in the simulated scene of `seed`."""
    path.write_text(json.dumps(plain({"seed": seed, **asdict(outcome)}), indent=2) + "\n")


def dream_folders(episode: Path) -> list[Path]:
    """The folders of an episode's dreams, in the order of imagining."""
    return sorted(path for path in (episode / DREAMS).glob("*") if path.is_dir())


def write_plan(path: Path, trajectories: Mapping[str, ArmTrajectory]) -> None:
    """All arms' trajectories in one file; its arrays are named ARM.WHAT, as in ArmTrajectory."""
    arrays: dict[str, Any] = {}
    for arm, trajectory in trajectories.items():
        arrays |= {
            f"{arm}.joint_names": np.array(trajectory.joint_names),
            f"{arm}.times_s": trajectory.times_s,
            f"{arm}.positions": trajectory.positions,
            f"{arm}.velocities": trajectory.velocities,
            f"{arm}.accelerations": trajectory.accelerations,
            f"{arm}.contact_s": np.array(trajectory.contact_s),
            f"{arm}.path_times_s": trajectory.path.times_s,
            f"{arm}.base_from_tool": trajectory.path.base_from_tool,
            f"{arm}.moved_m": trajectory.path.moved_m,
            f"{arm}.leveled_rad": np.array(trajectory.path.leveled_rad),
        }
    np.savez_compressed(path, **arrays)


def read_plan(path: Path) -> dict[str, ArmTrajectory]:
    """arm -> trajectory; the inverse of write_plan."""
    with np.load(path) as file:
        arms = [key.removesuffix(".joint_names") for key in file if key.endswith(".joint_names")]
        return {arm: _trajectory(arm, file) for arm in arms}


def _trajectory(arm: str, file: Mapping[str, Any]) -> ArmTrajectory:
    start_s, end_s = file[f"{arm}.contact_s"]
    return ArmTrajectory(
        arm=arm,
        joint_names=tuple(str(name) for name in file[f"{arm}.joint_names"]),
        times_s=file[f"{arm}.times_s"],
        positions=file[f"{arm}.positions"],
        velocities=file[f"{arm}.velocities"],
        accelerations=file[f"{arm}.accelerations"],
        contact_s=(float(start_s), float(end_s)),
        path=ToolPath(
            arm,
            file[f"{arm}.path_times_s"],
            file[f"{arm}.base_from_tool"],
            file[f"{arm}.moved_m"],
            float(file[f"{arm}.leveled_rad"]),
        ),
    )


def write_execution(path: Path, execution: Execution) -> None:
    """The measured motion in one file: times_s, and per arm ARM.positions and the two path errors."""
    arrays: dict[str, Any] = {"times_s": execution.times_s}
    arrays |= {f"{arm}.positions": positions for arm, positions in execution.positions.items()}
    arrays |= {f"{arm}.path_error_mm": error for arm, error in execution.path_error_mm.items()}
    arrays |= {f"{arm}.path_error_deg": error for arm, error in execution.path_error_deg.items()}
    np.savez_compressed(path, **arrays)


def read_execution(path: Path) -> Execution:
    """The inverse of write_execution."""
    with np.load(path) as file:

        def per_arm(what: str) -> dict[str, Any]:
            suffix = f".{what}"
            return {key.removesuffix(suffix): file[key] for key in file if key.endswith(suffix)}

        return Execution(
            file["times_s"], per_arm("positions"), per_arm("path_error_mm"), per_arm("path_error_deg")
        )

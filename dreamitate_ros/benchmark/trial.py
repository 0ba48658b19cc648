"""One case of the tracker's benchmark, made, tracked and judged; what is kept of it is plain JSON."""

import resource
import time
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np

from dreamitate_ros.benchmark.bad_videos import bad_case
from dreamitate_ros.benchmark.cases import TOOLS, Case, clean_case, small, spoiled_case
from dreamitate_ros.benchmark.score import errors
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.rig import Rig, load_rig
from dreamitate_ros.tool import Tool, load_tool
from dreamitate_ros.track.gate import require_confident
from dreamitate_ros.track.tracker import track_tools
from dreamitate_ros.values import ToolTrack

CLEAN, SPOILED, SMALL, BAD = "clean", "artefacts", "clean 384x224", "bad"
GATE = 0.5


@dataclass(frozen=True)
class Job:
    """kind: CLEAN, SPOILED, SMALL or BAD. tool: its folder's name; index: of a bad case. seed: what it is made from."""

    kind: str
    tool: str
    index: int
    seed: int

    @property
    def key(self) -> str:
        """What names it in the results."""
        return f"{self.kind}/{self.tool}/{self.index}/{self.seed}"


@dataclass(frozen=True)
class Outcome:
    """Per time (lists over T, NaN as None): errors, whether wanted, confidence, what made it hard. refused: by the
    gate or the tracker, in which words. stages_s: wall time of each stage; cpu_s of all."""

    key: str
    label: str
    tool: str
    mm: list[float | None] = field(default_factory=list)
    deg: list[float | None] = field(default_factory=list)
    wanted: list[bool] = field(default_factory=list)
    confidence: list[float] = field(default_factory=list)
    hidden: list[float] = field(default_factory=list)
    apart_px: list[float] = field(default_factory=list)
    refused: str | None = None
    stages_s: dict[str, float] = field(default_factory=dict)
    cpu_s: float = 0.0


def run(job: Job) -> dict[str, object]:
    """Make the case, track it, judge it."""
    case = make_case(job)
    started_s, stages = time.process_time(), Stages()
    track, refused = _tracked(case, stages)
    outcome = Outcome(
        key=job.key, label=case.label, tool=case.tool.name, refused=refused, stages_s=stages.durations_s,
        cpu_s=time.process_time() - started_s, confidence=[] if track is None else track.confidence.tolist(),
    )  # fmt: skip
    if track is None or case.top_from_tool is None:
        return asdict(outcome)
    found = errors(case, track)
    assert case.hidden is not None and case.apart_px is not None
    return asdict(outcome) | {
        "mm": _plain(found.mm), "deg": _plain(found.deg), "wanted": found.wanted.tolist(),
        "hidden": case.hidden.tolist(), "apart_px": case.apart_px.tolist(),
    }  # fmt: skip


class Stages:
    """Adds up the time between the tracker's reports by the stage that each ends."""

    def __init__(self) -> None:
        self.durations_s: dict[str, float] = {}
        self._last_s = time.perf_counter()

    def __call__(self, fraction: float, text: str) -> None:
        """A report of progress; what comes before a colon or comma names the stage."""
        now_s, stage = time.perf_counter(), text.split(":")[0].split(",")[0]
        self.durations_s[stage] = self.durations_s.get(stage, 0.0) + now_s - self._last_s
        self._last_s = now_s


def peak_memory_mb() -> float:
    """Of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@lru_cache
def benchmark_rig() -> Rig:
    """The simulated cell's."""
    return load_rig(config_directory() / "rigs" / "cell.yaml")


@lru_cache
def benchmark_tools() -> dict[str, Tool]:
    """All that the cell has, by the name of their folder."""
    return {name: load_tool(name, Path(config_directory()) / "tools" / name) for name in TOOLS}


def make_case(job: Job) -> Case:
    """The video of a job, and what is true of it."""
    rig, tools = benchmark_rig(), benchmark_tools()
    if job.kind == BAD:
        return bad_case(rig, tools, job.index, job.seed)
    if job.kind == SPOILED:
        return spoiled_case(rig, tools, job.tool, job.seed)
    case = clean_case(rig, tools, job.tool, job.seed)
    return small(case) if job.kind == SMALL else case


def _tracked(case: Case, stages: Stages) -> tuple[ToolTrack | None, str | None]:
    try:
        (track,) = track_tools(case.video, case.rig, [case.tool], stages, lambda: False)
    except DreamitateError as error:
        return None, f"{error.code.name}: {error.message}"
    try:
        require_confident([track], GATE)
    except DreamitateError as error:
        return track, f"{error.code.name}: {error.message}"
    return track, None


def _plain(values: np.ndarray) -> list[float | None]:
    return [round(float(value), 4) if np.isfinite(value) else None for value in values]

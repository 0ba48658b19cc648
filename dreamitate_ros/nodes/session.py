"""Trials in a running graph, for `dreamitate demo | run | evaluate`: one goal, judged from ground truth."""

import json
import math
import time
from pathlib import Path
from types import TracebackType

import numpy as np

from dreamitate_msgs.action import RunPolicy
from dreamitate_ros import episode_files as files
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.evaluate.trial import Trial, stage_times
from dreamitate_ros.nodes.bringup import Bringup, Settings
from dreamitate_ros.nodes.policy_client import Follow, PolicyClient


class Session:
    """The graph and its client, up for as long as the `with` block lasts; node logs go to log_folder."""

    def __init__(self, settings: Settings, log_folder: Path) -> None:
        self._bringup = Bringup(settings, log_folder)
        self._client = PolicyClient(self._bringup)

    def __enter__(self) -> "Session":
        self._bringup.__enter__()
        try:
            self._client.__enter__()
            self._client.wait_for_graph()
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.__exit__(kind, error, trace)
        self._bringup.__exit__(kind, error, trace)

    def trial(self, task: str, seed: int, follow: Follow, replay_directory: str = "") -> Trial:
        """Reset the scene to `seed`, run the policy, and see what really happened."""
        started_s = time.monotonic()
        self._client.reset(seed)
        goal = RunPolicy.Goal(task=task, seed=seed, replay_directory=replay_directory)
        result = self._client.run(goal, follow)
        truth = self._client.truth()
        rotated_deg, in_contact_deg = (
            math.degrees(truth.rotated_rad),
            math.degrees(truth.rotated_in_contact_rad),
        )
        folder = Path(result.episode_folder)
        facts = {"seed": seed, "rotated_deg": rotated_deg, "rotated_in_contact_deg": in_contact_deg}
        (folder / files.TRUTH).write_text(json.dumps(facts, indent=2) + "\n")
        stages_s, overhead_s = stage_times(files.read_events(folder / files.EVENTS))
        return Trial(
            seed=seed,
            episode=str(folder),
            error=f"{_code_name(result.error_code)}: {result.error_msg}" if result.error_code else "",
            rotated_deg=rotated_deg,
            in_contact_deg=in_contact_deg,
            wall_s=time.monotonic() - started_s,
            path_error_mm=_path_error_mm(folder / files.EXECUTED),
            stages_s=stages_s,
            overhead_s=overhead_s,
        )


def crashed(seed: int, error: DreamitateError, wall_s: float) -> Trial:
    """A trial that the graph did not survive: a failure with its reason."""
    return Trial(seed, "", f"{error.code.name}: {error.message}", 0.0, 0.0, wall_s)


def printed() -> Follow:
    """Prints one line when a stage starts and one in between every now and then."""
    started_s, last_stage, last_s = time.monotonic(), "", 0.0

    def follow(stage: str, progress: float, message: str) -> None:
        nonlocal last_stage, last_s
        now_s = time.monotonic() - started_s
        if stage == last_stage and now_s - last_s < 2.0:
            return
        last_stage, last_s = stage, now_s
        print(f"{now_s:6.1f} s  {stage:8s} {100 * progress:3.0f} %  {message}".rstrip(), flush=True)

    return follow


def _path_error_mm(path: Path) -> dict[str, float]:
    if not path.is_file():
        return {}
    errors = files.read_execution(path).path_error_mm
    return {arm: float(np.nanmedian(mm)) for arm, mm in errors.items() if np.isfinite(mm).any()}


def _code_name(code: int) -> str:
    return ErrorCode(code).name if code in {int(known) for known in ErrorCode} else str(code)

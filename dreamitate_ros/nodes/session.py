"""Trials in a running graph, for `dreamitate demo | run | evaluate`: one goal, judged from ground truth."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

from dreamitate_msgs.action import RunPolicy
from dreamitate_ros import episode_files as files
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.evaluate.trial import Round, Trial, read_round, round_seed
from dreamitate_ros.nodes.bringup import Bringup, Settings
from dreamitate_ros.nodes.policy_client import Follow, PolicyClient
from dreamitate_ros.simulate.measure import Outcome


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

    def trial(
        self,
        task: str,
        seed: int,
        follow: Follow,
        replay_directories: Sequence[str] = ("",),
        samples: int = 1,
    ) -> Trial:
        """Reset the scene to `seed`, run the policy round by round, and see what really happened.

        replay_directories: one a round, "" imagines anew. samples: dreams of a round to choose from, at most.
        The rounds end with one that ends the trial (Round.ends_trial).
        """
        started_s = time.monotonic()
        self._client.reset(seed)
        rounds: list[Round] = []
        for directory in replay_directories:
            first = round_seed(seed, len(rounds), samples)
            goal = RunPolicy.Goal(task=task, seed=first, samples=samples, replay_directory=directory)
            result = self._client.run(goal, follow)
            if result.path_changes:
                follow("plan", 1.0, result.path_changes)
            outcome = self._outcome()
            folder = Path(result.episode_folder)
            files.write_truth(folder / files.TRUTH, seed, outcome)
            error = f"{_code_name(result.error_code)}: {result.error_msg}" if result.error_code else ""
            rounds.append(read_round(folder, error, outcome))
            if rounds[-1].ends_trial:
                break
        return Trial(seed, tuple(rounds), time.monotonic() - started_s)

    def _outcome(self) -> Outcome:
        truth = self._client.truth()
        figures = dict(zip(truth.names, truth.values, strict=True))
        return Outcome(truth.success, truth.score, truth.summary, figures)


def trials_in_graph(
    settings: Settings,
    logs: Path,
    seeds: Sequence[int],
    replay_directories: Callable[[int], Sequence[str]],
    samples: int = 1,
) -> Iterator[Trial]:
    """The trials of the seeds, one after the other; a graph that dies with one is a failure, and another is brought up.

    replay_directories: of a seed's rounds, "" to imagine anew. samples: of a round. logs: a folder a graph is made
    in it.
    """
    left = list(seeds)
    while left:
        with Session(settings, logs / f"{os.getpid()}_{left[0]}") as session:
            while left:
                seed, started_s = left.pop(0), time.monotonic()
                try:
                    yield session.trial(
                        settings.task, seed, lambda *_: None, replay_directories(seed), samples
                    )
                except DreamitateError as error:
                    reason = f"{error.code.name}: {error.message}"
                    yield Trial(seed, (), time.monotonic() - started_s, reason)
                    break


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


def _code_name(code: int) -> str:
    return ErrorCode(code).name if code in {int(known) for known in ErrorCode} else str(code)

"""Trials spread over the machines of a Ray cluster; what each leaves comes back into the one evaluation's folder."""

import io
import os
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.evaluate.results import Results
from dreamitate_ros.evaluate.summary import row
from dreamitate_ros.evaluate.trial import Trial
from dreamitate_ros.values import Stop

STOP_POLL_S = 0.2
NO_RAY = "Ray is not installed; pip install 'dreamitate_ros[ray]', or leave --ray out"

TrialIn = Callable[[Results, int], Trial]
"""The trial of a seed, its episodes below the results' folder. Any machine of the cluster must be able to import it."""


@dataclass(frozen=True)
class _Parcel:
    """What comes back: a trial, and its episode folders as a tar."""

    trial: Trial
    episodes: bytes


def evaluate_on_ray(
    results: Results, seeds: Sequence[int], trial_in: TrialIn, address: str | None, stop: Stop
) -> list[Trial]:
    """Run the seeds that `results` does not hold yet, each where the cluster has a core free, and return all of them.

    address: of the cluster; None for RAY_ADDRESS, or else this machine alone. A trial whose process or machine dies
    counts as a failure with its reason. Raises Cancelled, and STAGE_UNAVAILABLE when there is no Ray or no cluster.
    """
    ray = _connected(address)
    try:
        send = ray.remote(max_retries=0)(_away)
        left = [seed for seed in seeds if results.trial(seed) is None]
        waiting = {send.remote(trial_in, results.settings, seed): seed for seed in left}
        while waiting:
            if stop():
                raise Cancelled("the evaluation")
            ended, _ = ray.wait(list(waiting), timeout=STOP_POLL_S)
            for answer in ended:
                received = _received(ray, answer, waiting.pop(answer), results)
                results.keep(received)
                print(row(received), flush=True)
    finally:
        ray.shutdown()  # ends what is still at work for us
    return [trial for seed in seeds if (trial := results.trial(seed)) is not None]


def _connected(address: str | None) -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError:
        raise DreamitateError(ErrorCode.STAGE_UNAVAILABLE, NO_RAY) from None
    own_threads = {"env_vars": {"LP_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}}  # a trial has one core
    try:
        ray.init(address=address, runtime_env=own_threads, log_to_driver=False, configure_logging=False)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise DreamitateError(
            ErrorCode.STAGE_UNAVAILABLE,
            f"no Ray cluster at {address or 'RAY_ADDRESS'}: {error}; start one with `ray start --head`",
        ) from None
    return ray


def _away(trial_in: TrialIn, settings: dict[str, Any], seed: int) -> _Parcel:
    """On some machine: a trial in a folder that goes again."""
    with tempfile.TemporaryDirectory() as folder:
        results = Results.open(Path(folder), settings)
        trial = trial_in(results, seed)
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            archive.add(results.episodes, str(seed))  # episodes of two machines may be of one second
        return _Parcel(trial, packed.getvalue())


def _received(ray: Any, answer: Any, seed: int, results: Results) -> Trial:
    """The trial, its episodes unpacked here; a crashed one where none came back."""
    try:
        parcel: _Parcel = ray.get(answer)
    except ray.exceptions.RayError as error:
        why = str(error).strip().splitlines()[-1]
        return Trial(seed, (), 0.0, f"{ErrorCode.UNKNOWN.name}: {why}")
    with tarfile.open(fileobj=io.BytesIO(parcel.episodes)) as archive:
        archive.extractall(results.episodes, filter="data")
    here = [
        replace(each, episode=str(results.episodes / str(seed) / Path(each.episode).name))
        for each in parcel.trial.rounds
    ]
    return replace(parcel.trial, rounds=tuple(here))

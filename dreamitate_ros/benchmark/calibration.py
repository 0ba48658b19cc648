"""`dreamitate benchmark confidence`: track/confidence.py fitted to simulated videos that no benchmark judges by."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dreamitate_ros.benchmark.cases import TOOLS
from dreamitate_ros.benchmark.cases_done import cases_done
from dreamitate_ros.benchmark.score import errors
from dreamitate_ros.benchmark.trial import BAD, CLEAN, SMALL, SPOILED, Job, make_case
from dreamitate_ros.track.assemble import examine
from dreamitate_ros.track.confidence import FEATURES, Measured, features
from dreamitate_ros.track.tracker import candidates
from dreamitate_ros.values import Array

RESULTS = "poses.jsonl"
PRECISION = 0.98  # share of the believed poses that must be right
RIDGE, STEPS = 1.0, 50
FOLDS = 8


@dataclass(frozen=True)
class Logistic:
    """offset + features @ weights: the logarithm of the odds that a pose is right. weights: (F,)."""

    offset: float
    weights: Array

    def __call__(self, x: Array) -> Array:
        """(N,) of features (N, F)."""
        return np.asarray(x @ self.weights + self.offset)


@dataclass(frozen=True)
class Samples:
    """Observed poses. x: (N, F) features; right, artefacts: (N,) whether it is, and comes from such a video; video:
    (N,) number of the video that it is from."""

    x: Array
    right: NDArray[np.bool_]
    artefacts: NDArray[np.bool_]
    video: NDArray[np.int64]


def calibrate_confidence(motions: int, bad: int, seed: int, workers: int, output: Path) -> str:
    """Fit to what `output` holds after adding what is missing; returns the scales and how well they tell.

    motions: of each tool with artefacts; a quarter as many without, at both sizes. bad: videos of which no pose is
    right. seed: of the first case. Resumable.
    """
    return fit_report(cases_done(output / RESULTS, _planned(motions, bad, seed), _record, workers))


def fit_report(records: Sequence[dict[str, Any]]) -> str:
    """The scales of all families, one half where PRECISION of the poses above are right in videos with artefacts;
    and, judged by fits to other videos, how many of those are believed and right."""
    families = {
        name: _samples([record for record in records if record["family"] == name])
        for name in sorted({record["family"] for record in records if record["poses"]})
    }
    unseen = {name: _by_other_videos(samples) for name, samples in families.items()}
    cut = _cut(
        np.concatenate([unseen[name][samples.artefacts] for name, samples in families.items()]),
        np.concatenate([samples.right[samples.artefacts] for samples in families.values()]),
    )
    lines = [f"features: {', '.join(FEATURES)}"]
    for name, samples in families.items():
        scale = fit(samples.x, samples.right)
        weights = ", ".join(f"{weight:.2f}" for weight in scale.weights)
        lines.append(f'"{name}": Scale({scale.offset - cut:.2f}, ({weights})),')
        believed, counted = unseen[name] >= cut, samples.artefacts
        lines.append(
            f"    with artefacts: {counted.sum()} poses, {samples.right[counted].sum()} right; believed"
            f" {believed[counted].sum()}, {(believed & samples.right)[counted].sum()} of them right; other videos:"
            f" {(~counted).sum()} poses, {samples.right[~counted].sum()} right; believed {believed[~counted].sum()},"
            f" {(believed & samples.right)[~counted].sum()} of them right"
        )
    return "\n".join(lines)


def fit(x: Array, right: NDArray[np.bool_]) -> Logistic:
    """The likeliest logistic with a weak wish for small weights. x: (N, F), right: (N,).

    More of any feature is worse: one that seems to be good in these videos, by chance, is left out.
    """
    used = np.ones(x.shape[1], bool)
    while True:
        solution = _likeliest(x[:, used], right)
        if (solution.weights <= 0).all():
            weights = np.zeros(len(used))
            weights[used] = solution.weights
            return Logistic(solution.offset, weights)
        used[np.flatnonzero(used)[np.argmax(solution.weights)]] = False


def _likeliest(x: Array, right: NDArray[np.bool_]) -> Logistic:
    """By Newton's method."""
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    terms = np.concatenate([(x - mean) / spread, np.ones((len(x), 1))], axis=1)
    held = np.diag([RIDGE] * x.shape[1] + [1e-6])
    solution = np.zeros(terms.shape[1])
    for _ in range(STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(terms @ solution, -30, 30)))
        slope = terms.T @ (chance - right) + held @ solution
        curvature = (terms * (chance * (1 - chance))[:, None]).T @ terms + held
        solution -= np.linalg.solve(curvature + 1e-6 * np.eye(len(held)), slope)
    weights = solution[:-1] / spread
    return Logistic(float(solution[-1] - mean @ weights), weights)


def _by_other_videos(samples: Samples) -> Array:
    """(N,) the odds of each pose by a fit to videos that it is not from."""
    odds = np.zeros(len(samples.x))
    for fold in range(FOLDS):
        held = samples.video % FOLDS == fold
        odds[held] = fit(samples.x[~held], samples.right[~held])(samples.x[held])
    return odds


def _cut(odds: Array, right: NDArray[np.bool_]) -> float:
    """The lowest odds from which on PRECISION of the poses are right."""
    order = np.argsort(-odds)
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(precision >= PRECISION)
    return float(odds[order[enough[-1]]]) if len(enough) else float(odds.max())


def _planned(motions: int, bad: int, seed: int) -> list[Job]:
    some = max(1, motions // 4)
    kinds = [(SPOILED, motions), (CLEAN, some), (SMALL, some)]
    good = [Job(kind, tool, 0, seed + n) for kind, count in kinds for n in range(count) for tool in TOOLS]
    return [*good, *(Job(BAD, "any", index, seed) for index in range(bad))]


def _record(job: Job) -> dict[str, Any]:
    """What was measured at every observed pose of a case, and whether that pose is right."""
    case = make_case(job)
    (candidate,) = candidates(case.video, case.rig, [case.tool], lambda _f, _t: None, lambda: False)
    track, facts = examine(candidate, case.rig, case.video.times_s)
    right = np.zeros(len(facts), bool) if case.top_from_tool is None else errors(case, track).right
    poses = [[asdict(fact), bool(good)] for fact, good in zip(facts, right, strict=True) if fact is not None]
    return {"key": job.key, "kind": job.kind, "family": candidate.appearance.family, "poses": poses}


def _samples(records: Sequence[dict[str, Any]]) -> Samples:
    rows = [
        (features(Measured(**fact)), right, record["kind"] == SPOILED, video)
        for video, record in enumerate(records)
        for fact, right in record["poses"]
    ]
    x, right, artefacts, video = zip(*rows, strict=True)
    return Samples(np.array(x), np.array(right), np.array(artefacts), np.array(video))

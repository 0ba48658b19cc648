"""Which of several dreams is acted out: the first clear of doubts, or the best, or their mean; none, and why not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Generic, Protocol, TypeVar

from dreamitate_ros.dreams.mean import mean_tracks, nearest
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.task import Choice
from dreamitate_ros.values import ArmTrajectory, ToolTrack

Video = TypeVar("Video")

REFUSALS = frozenset(
    {
        ErrorCode.TRACKING_LOST,
        ErrorCode.LOW_CONFIDENCE,
        ErrorCode.IMPLAUSIBLE,
        ErrorCode.UNREACHABLE,
        ErrorCode.JOINT_LIMIT,
        ErrorCode.SPEED_LIMIT,
        ErrorCode.COLLISION,
        ErrorCode.OUTSIDE_WORKSPACE,
    }
)
"""What is wrong with one dream, and may be right with the next; any other error ends the goal."""


@dataclass(frozen=True)
class Verdict:
    """scores: name -> 0..1, see judge.judge; empty where a dream was refused before. refusal: None where it is fit."""

    scores: Mapping[str, float]
    refusal: DreamitateError | None = None

    @property
    def score(self) -> float:
        """0..1, the product of the scores: every doubt counts. 0 when refused."""
        return prod(self.scores.values()) if self.refusal is None else 0.0

    @property
    def is_clear(self) -> bool:
        """Nothing at all speaks against it."""
        return self.score >= 1.0


@dataclass(frozen=True)
class Dream(Generic[Video]):
    """One imagined video, judged. number: from 1 in the order of imagining. seed: of the video.

    tracks, trajectories (arm -> its motion): as far as it came before it was refused. mean_of: how many dreams they are
    the mean of; 1 where they are its own.
    """

    number: int
    seed: int
    video: Video
    verdict: Verdict
    tracks: Sequence[ToolTrack] = ()
    trajectories: Mapping[str, ArmTrajectory] = field(default_factory=dict)
    mean_of: int = 1


class Dreamer(Protocol[Video]):
    """The stages from one photo pair to a plan. All raise DreamitateError; number: of the dream in work."""

    def imagine(self, number: int, seed: int) -> Video:
        """The video of a seed."""
        ...

    def track(self, number: int, video: Video) -> tuple[Sequence[ToolTrack], Mapping[str, float]]:
        """The tools' tracks, and how judge.judge scores them."""
        ...

    def plan(self, number: int, tracks: Sequence[ToolTrack]) -> Mapping[str, ArmTrajectory]:
        """arm -> its motion; nothing moves."""
        ...

    def judged(self, dream: Dream[Video]) -> None:
        """A dream has its verdict."""
        ...

    def chosen(self, dream: Dream[Video]) -> None:
        """That dream will be acted out."""
        ...


def choose(dreamer: Dreamer[Video], seed: int, samples: int, choice: Choice = Choice.CLEAR) -> Dream[Video]:
    """One of the dreams of seeds seed, seed + 1, ..., at most `samples` of them; see Choice.

    Where none is fit to be acted out: the refusal of the only dream, or DREAMS_REFUSED with that of each. Errors
    that another dream would not cure (no model, no arms, a cancel) pass through at once.
    """
    dreams: list[Dream[Video]] = []
    for number in range(1, samples + 1):
        dreams.append(_dream(dreamer, number, seed + number - 1))
        dreamer.judged(dreams[-1])
        if choice is Choice.CLEAR and dreams[-1].verdict.is_clear:
            break
    fit = [dream for dream in dreams if dream.verdict.refusal is None]
    if not fit:
        raise _refusal(dreams)
    chosen = _best(fit) if choice is Choice.CLEAR else _mean(dreamer, fit)
    dreamer.chosen(chosen)
    return chosen


def _dream(dreamer: Dreamer[Video], number: int, seed: int) -> Dream[Video]:
    video = dreamer.imagine(number, seed)
    tracks: Sequence[ToolTrack] = ()
    scores: Mapping[str, float] = {}
    try:
        tracks, scores = dreamer.track(number, video)
        trajectories = dreamer.plan(number, tracks)
    except DreamitateError as error:
        if error.code not in REFUSALS:
            raise
        return Dream(number, seed, video, Verdict(scores, error), tracks)
    return Dream(number, seed, video, Verdict(scores), tracks, trajectories)


def _best(fit: Sequence[Dream[Video]]) -> Dream[Video]:
    """The one of the highest score, the earliest of equals."""
    return max(fit, key=lambda dream: dream.verdict.score)


def _mean(dreamer: Dreamer[Video], fit: Sequence[Dream[Video]]) -> Dream[Video]:
    """The dream that is nearest to the mean of all, to look at, with the mean's tracks and plan to act out."""
    dreams = [dream.tracks for dream in fit]
    tracks = mean_tracks(dreams)
    shown = fit[nearest(dreams, tracks)]
    trajectories = dreamer.plan(shown.number, tracks)
    return replace(shown, tracks=tracks, trajectories=trajectories, mean_of=len(fit))


def _refusal(dreams: Sequence[Dream[Video]]) -> DreamitateError:
    """What to say where all were refused."""
    refusals = [(dream, dream.verdict.refusal) for dream in dreams if dream.verdict.refusal is not None]
    if len(refusals) == 1:
        return refusals[0][1]
    reasons = "; ".join(f"dream {dream.number} (seed {dream.seed}): {why.message}" for dream, why in refusals)
    return DreamitateError(
        ErrorCode.DREAMS_REFUSED, f"none of {len(dreams)} dreams is fit to be acted out: {reasons}"
    )

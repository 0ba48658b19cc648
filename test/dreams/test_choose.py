"""Which of several dreams is acted out, how many are imagined for it, and what is said when none will do."""

import pytest

from dreamitate_ros.dreams.choose import Dream, choose
from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode

LOST = DreamitateError(ErrorCode.TRACKING_LOST, "the left tool was lost")
FAR = DreamitateError(ErrorCode.UNREACHABLE, "out of reach by 12 mm")
NO_ARMS = DreamitateError(ErrorCode.ROBOT_NOT_READY, "the driver does not answer")


class Dreamer:
    """Dreams as they are listed: a score, or what goes wrong, in tracking or in planning."""

    def __init__(self, *dreams: float | DreamitateError) -> None:
        self.dreams = dreams
        self.verdicts: list[Dream[int]] = []
        self.acted_out = 0

    def imagine(self, number, seed):
        assert number == len(self.verdicts) + 1
        return seed

    def track(self, number, video):
        dream = self.dreams[number - 1]
        if dream in (LOST, NO_ARMS):
            raise dream
        return [], {"agreement": 0.8, "rest": 1.0 if dream is FAR else dream / 0.8 if dream < 1 else 1.25}

    def plan(self, number, tracks):
        if self.dreams[number - 1] is FAR:
            raise FAR
        return {}

    def judged(self, dream):
        self.verdicts.append(dream)

    def chosen(self, dream):
        self.acted_out = dream.number


@pytest.mark.parametrize(
    ("dreams", "samples", "chosen", "imagined"),
    [
        ([0.3], 1, 1, 1),
        ([0.3, 0.7, 0.5], 3, 2, 3),
        ([0.3, 0.7, 0.5], 2, 2, 2),
        ([0.5, 0.5], 2, 1, 2),
        ([LOST, 0.2, FAR], 3, 2, 3),
        ([0.0, LOST], 2, 1, 2),
        ([0.9, 1.0, 0.4], 3, 2, 2),  # a clear one ends the search
    ],
)
def test_the_best_is_chosen_of_as_few_as_needed(dreams, samples, chosen, imagined) -> None:
    dreamer = Dreamer(*dreams)
    dream = choose(dreamer, 7, samples)
    assert (dream.number, dreamer.acted_out, len(dreamer.verdicts)) == (chosen, chosen, imagined)
    assert dream.seed == dream.video == 7 + chosen - 1


def test_every_refusal_is_told() -> None:
    dreamer = Dreamer(LOST, FAR)
    with pytest.raises(DreamitateError) as caught:
        choose(dreamer, 7, 2)
    assert caught.value.code == ErrorCode.DREAMS_REFUSED
    assert "none of 2 dreams" in caught.value.message
    assert "dream 1 (seed 7): the left tool was lost; dream 2 (seed 8): out of reach" in caught.value.message
    assert [dream.verdict.refusal for dream in dreamer.verdicts] == [LOST, FAR]
    assert dreamer.acted_out == 0


def test_the_only_dream_s_refusal_stays_as_it_is() -> None:
    with pytest.raises(DreamitateError) as caught:
        choose(Dreamer(FAR), 0, 1)
    assert caught.value is FAR


def test_a_refused_dream_keeps_the_scores_it_had() -> None:
    dreamer = Dreamer(FAR, LOST)
    with pytest.raises(DreamitateError):
        choose(dreamer, 0, 2)
    far, lost = (dream.verdict for dream in dreamer.verdicts)
    assert (far.scores, far.score) == ({"agreement": 0.8, "rest": 1.0}, 0.0)
    assert lost.scores == {}


def test_what_another_dream_would_not_cure_ends_the_search() -> None:
    dreamer = Dreamer(LOST, NO_ARMS, 1.0)
    with pytest.raises(DreamitateError) as caught:
        choose(dreamer, 0, 3)
    assert caught.value is NO_ARMS
    assert len(dreamer.verdicts) == 1


def test_a_cancel_ends_the_search() -> None:
    class Cancels(Dreamer):
        def imagine(self, number, seed):
            raise Cancelled("generate")

    with pytest.raises(Cancelled):
        choose(Cancels(1.0), 0, 3)

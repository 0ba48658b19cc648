"""Which seeds train and which evaluate: kept apart here, so that nothing learnt from can be judged with."""

from collections.abc import Iterable
from enum import Enum

from dreamitate_ros.errors import DreamitateError, ErrorCode

TRAINING_END = 100_000
EVALUATION_START = 900_000


class Split(Enum):
    """What a scene is for; its objects are of families that no scene of the other split shows."""

    TRAINING = "training"
    EVALUATION = "evaluation"


def split_of(seed: int) -> Split:
    """The split of a seed; raises INVALID_PARAMETER for one of neither."""
    if 0 <= seed < TRAINING_END:
        return Split.TRAINING
    if seed >= EVALUATION_START:
        return Split.EVALUATION
    raise DreamitateError(
        ErrorCode.INVALID_PARAMETER,
        f"the seed {seed} is for nothing: seeds below {TRAINING_END} are for training,"
        f" from {EVALUATION_START} on for evaluation",
    )


def require(split: Split, seeds: Iterable[int]) -> None:
    """Raise INVALID_PARAMETER unless all seeds belong to the split."""
    for seed in seeds:
        if split_of(seed) is not split:
            raise DreamitateError(
                ErrorCode.INVALID_PARAMETER,
                f"the seed {seed} is for {split_of(seed).value}, not for {split.value}: take seeds"
                f" {'below ' + str(TRAINING_END) if split is Split.TRAINING else f'from {EVALUATION_START} on'}",
            )

"""What trains and what evaluates never mix."""

import pytest

from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.simulate.seeds import Split, require, split_of


def test_every_seed_has_one_use_or_none():
    assert {split_of(seed) for seed in (0, 99_999)} == {Split.TRAINING}
    assert {split_of(seed) for seed in (900_000, 2_000_000)} == {Split.EVALUATION}
    for seed in (-1, 100_000, 899_999):
        with pytest.raises(DreamitateError, match="is for nothing"):
            split_of(seed)


def test_a_seed_of_the_other_split_is_refused_by_name():
    require(Split.TRAINING, range(5))
    require(Split.EVALUATION, range(900_000, 900_005))
    with pytest.raises(DreamitateError, match="900000 is for evaluation, not for training"):
        require(Split.TRAINING, [3, 900_000])
    with pytest.raises(DreamitateError, match="99999 is for training, not for evaluation"):
        require(Split.EVALUATION, range(99_999, 99_999 + 3))

"""The turns over that a plain tool's outline may hide."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from dreamitate_ros.geometry import apply, transform
from dreamitate_ros.tool import Symmetry, Tool
from dreamitate_ros.track.appearance import appearance_of
from dreamitate_ros.track.upright import half_turns, turn_rad

SHIFT_M = np.array([0.1, 0.0, 0.02])
ROUND = Symmetry(np.array([1.0, 0.0, 0.0]), SHIFT_M, None)


@pytest.fixture(scope="module")
def bar(tmp_path_factory):
    mesh = trimesh.creation.box((0.12, 0.03, 0.01), transform=transform(np.eye(3), SHIFT_M))
    return Tool("bar", mesh, np.eye(4), tmp_path_factory.mktemp("bar") / "tool.obj")


def test_a_plain_tool_may_be_turned_over_about_each_axis_in_place(bar):
    appearance = appearance_of(bar)
    turns = half_turns(appearance)
    assert len(turns) == 3
    for turn in turns:
        np.testing.assert_allclose(turn @ turn, np.eye(4), atol=1e-12)
        np.testing.assert_allclose(apply(turn, appearance.center_m[None])[0], appearance.center_m, atol=1e-12)
        assert turn_rad(None, turn, np.eye(4)) == pytest.approx(np.pi)


def test_turns_that_the_symmetry_hides_are_none(bar):
    # of a tool that is round about its length, two of the three turns over are the same to look at
    turns = half_turns(appearance_of(replace(bar, symmetry=ROUND)))
    assert len(turns) == 2
    assert all(turn_rad(ROUND, turn, np.eye(4)) == pytest.approx(np.pi) for turn in turns)
    assert turn_rad(ROUND, ROUND.turn(2.5), np.eye(4)) == pytest.approx(0.0, abs=1e-6)


def test_a_texture_leaves_no_doubt(plates):
    assert half_turns(appearance_of(plates[0])) == []

"""Sightings of two views paired where their rays meet."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dreamitate_ros.geometry import inverse, transform
from dreamitate_ros.track.search import Sighting
from dreamitate_ros.track.seed import pair

CENTER_M = np.array([0.02, 0.0, 0.01])


def sightings(rig, top_from_tool, farther=1.0, turned_deg=0.0):
    """What each view shows of a tool; the side view's, farther away by a factor and turned."""
    side = inverse(rig.top_from_side) @ top_from_tool
    turn = Rotation.from_euler("z", turned_deg, degrees=True).as_matrix() @ side[:3, :3]
    center = side[:3, :3] @ CENTER_M + side[:3, 3]
    moved = transform(turn, farther * center - turn @ CENTER_M)
    return [Sighting(top_from_tool, 0.8)], [Sighting(moved, 0.7)]


def test_rays_that_meet_give_the_place_in_spite_of_a_wrong_depth(rig, place):
    truth = place(0.05, 0.02, 30.0)
    guesses = pair(rig, CENTER_M, *sightings(rig, truth, farther=1.15), most=4)
    assert len(guesses) == 2  # with the turn of either view
    np.testing.assert_allclose(guesses[0].top_from_tool, truth, atol=1e-6)


@pytest.mark.parametrize("wrong", [{"farther": 1.6}, {"turned_deg": 80.0}])
def test_what_cannot_be_one_tool_is_no_guess(rig, place, wrong):
    assert pair(rig, CENTER_M, *sightings(rig, place(0.05, 0.02, 30.0), **wrong), most=4) == []


def test_rays_that_miss_each_other_are_no_guess(rig, place):
    top, _ = sightings(rig, place(0.0, 0.02, 30.0))
    _, side = sightings(rig, place(0.15, 0.02, 30.0))
    assert pair(rig, CENTER_M, top, side, most=4) == []


def test_the_best_come_first_and_no_more_than_asked(rig, place):
    truth = place(0.05, 0.02, 30.0)
    top, side = sightings(rig, truth)
    worse = Sighting(truth, 0.2)
    guesses = pair(rig, CENTER_M, [worse, *top], side, most=3)
    assert [guess.score for guess in guesses] == sorted((guess.score for guess in guesses), reverse=True)
    assert len(guesses) == 3

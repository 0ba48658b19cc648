"""How high a tool goes: landed where the task says that a tool so low is at work, and never into the table."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.execute.collision import lowest_point_m
from dreamitate_ros.execute.heights import LARGEST_LIFT_M, TABLE_CLEARANCE_M, height_changes_m
from dreamitate_ros.geometry import transform

_SPEC = importlib.util.spec_from_file_location("scenes", Path(__file__).with_name("scenes.py"))
assert _SPEC is not None and _SPEC.loader is not None
scenes = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(scenes)

WITHIN_M = 0.03


@pytest.fixture(scope="module")
def cell():
    return scenes.cell()


def heights_after(cell, heights_m, within_m=WITHIN_M, contact_m=0.0, allowed_lift_m=LARGEST_LIFT_M):
    """(N,) of the lowest point of an upright tool, after the changes. heights_m: (N,) before."""
    _, task, tools = cell
    tool = tools["left"]
    origin_m = -lowest_point_m(tool, np.eye(4)[None])[0]
    places = np.column_stack([np.zeros((len(heights_m), 2)), origin_m + heights_m])
    poses = np.stack([transform(np.eye(3), place) for place in places])
    task = replace(task, contact_within_m=within_m, contact_height_m=contact_m)
    return heights_m + height_changes_m("left", poses, tool, task, allowed_lift_m)


def test_a_tool_that_wobbles_above_the_table_works_on_it(cell):
    wobbling_m = 0.014 + 0.012 * np.sin(np.linspace(0, 3, 60))
    np.testing.assert_allclose(heights_after(cell, wobbling_m), TABLE_CLEARANCE_M, atol=1e-3)


def test_with_nothing_said_of_contact_heights_stay_as_tracked(cell):
    heights_m = np.linspace(0.1, 0.01, 60)
    np.testing.assert_array_equal(heights_after(cell, heights_m, within_m=0.0), heights_m)


def test_what_is_higher_is_on_its_way_and_comes_down_without_a_jump(cell):
    coming_down_m = np.linspace(0.15, 0.02, 90)
    after_m = heights_after(cell, coming_down_m)
    high = coming_down_m > 2 * WITHIN_M + 0.01
    np.testing.assert_allclose(after_m[high], coming_down_m[high])
    assert after_m[-1] == pytest.approx(TABLE_CLEARANCE_M, abs=1e-3)
    assert np.abs(np.diff(after_m)).max() < 3.1 * np.abs(np.diff(coming_down_m)).max()
    assert (after_m >= TABLE_CLEARANCE_M - 1e-9).all()


def test_a_tall_thing_is_worked_on_at_its_height(cell):
    np.testing.assert_allclose(heights_after(cell, np.full(60, 0.07), contact_m=0.05), 0.05, atol=1e-6)


def test_landing_does_not_allow_a_path_deeper_in_the_table(cell):
    with pytest.raises(DreamitateError, match="12 mm into the table"):
        heights_after(cell, np.full(60, -0.012), allowed_lift_m=0.01)

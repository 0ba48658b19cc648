"""How a tool at work stands on the table: on two corners, by no larger turn than the task says."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.execute.heights import TABLE_CLEARANCE_M
from dreamitate_ros.execute.tilts import leveled
from dreamitate_ros.geometry import transform
from dreamitate_ros.simulate.plain_tools import BRISTLES_M
from dreamitate_ros.task import load_task
from dreamitate_ros.tool import load_tools

WITHIN_DEG = 10.0
LEAN = Rotation.from_euler("y", 50, degrees=True)  # of the handle, bristles down
EDGE_M = np.array([[0, side * BRISTLES_M[1] / 2, BRISTLES_M[2] / 2] for side in (-1, 1)])


@pytest.fixture(scope="module")
def brush():
    config = config_directory()
    task = load_task("sweep_bold", config)
    return replace(task, contact_within_deg=WITHIN_DEG), load_tools(task.arm_tools, config)["right"]


def held(tilts_deg, height_m=TABLE_CLEARANCE_M):
    """(N, 4, 4) a leaning brush, each pose tilted sideways, its middle at a height."""
    tilts = Rotation.from_euler("x", np.reshape(tilts_deg, (-1, 1)), degrees=True)
    middle_m = (tilts * LEAN).apply(EDGE_M.mean(axis=0))
    places_m = np.array([0.1, -0.05, height_m]) - middle_m
    return transform((tilts * LEAN).as_matrix(), places_m)


def edge_m(poses):
    """(N, 2, 3) both ends of the bristles' edge."""
    return np.einsum("nij,ej->nei", poses[:, :3, :3], EDGE_M) + poses[:, None, :3, 3]


@pytest.mark.parametrize("tilt_deg", [-9.0, -3.0, 0.0, 6.0])
def test_a_tilted_brush_sweeps_with_its_whole_edge(brush, tilt_deg):
    task, tool = brush
    before = held(np.full(30, tilt_deg))
    ends_m = edge_m(leveled(before, tool, task))
    np.testing.assert_allclose(ends_m[:, 0, 2], ends_m[:, 1, 2], atol=1e-6)
    lowest_m = edge_m(before)[..., 2].min(axis=1)
    np.testing.assert_allclose(ends_m[..., 2].min(axis=1), lowest_m, atol=3e-4)
    assert np.abs(ends_m - edge_m(before))[..., :2].max() < 0.004


def test_a_brush_held_askew_stays_so(brush):
    task, tool = brush
    before = held(np.full(30, 2 * WITHIN_DEG + 1))
    np.testing.assert_allclose(leveled(before, tool, task), before, atol=1e-9)


def test_a_brush_on_its_way_is_not_turned(brush):
    task, tool = brush
    before = held(np.full(30, 5.0), height_m=0.1)
    np.testing.assert_allclose(leveled(before, tool, task), before, atol=1e-9)


def test_leveling_comes_and_goes_without_a_jump(brush):
    task, tool = brush
    before = held(np.linspace(-25, 25, 200))
    turns = Rotation.from_matrix(leveled(before, tool, task)[:, :3, :3])
    steps_deg = np.rad2deg((turns[1:] * turns[:-1].inv()).magnitude())
    assert steps_deg.max() < 4 * 50 / 199


def test_with_nothing_said_tilts_stay_as_tracked(brush):
    task, tool = brush
    before = held(np.full(30, 6.0))
    assert leveled(before, tool, replace(task, contact_within_deg=0.0)) is before

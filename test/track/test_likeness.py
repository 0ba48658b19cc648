"""How much pixels look like the tool: promised and learned colours, change since the photo, shadows."""

from pathlib import Path

import numpy as np
import pytest
import trimesh

from dreamitate_ros.tool import Tool
from dreamitate_ros.track.appearance import appearance_of
from dreamitate_ros.track.likeness import change, color_model, shaded, tint

TABLE, RED, BLUE = (150, 140, 120), (200, 30, 30), (40, 60, 200)


def patch(color, size=32):
    return np.full((size, size, 3), color, np.uint8)


@pytest.fixture(scope="module")
def red_box():
    mesh = trimesh.creation.box((0.1, 0.05, 0.02))
    mesh.visual.vertex_colors = np.tile([*RED, 255], (len(mesh.vertices), 1))
    return appearance_of(Tool("box", mesh, np.eye(4), Path("box/tool.ply")))


@pytest.fixture(scope="module")
def colorless_box():
    mesh = trimesh.creation.box((0.1, 0.05, 0.02))
    return appearance_of(Tool("box", mesh, np.eye(4), Path("box/tool.stl")))


def test_the_colours_of_the_mesh_are_like_it_lit_or_in_shade(red_box):
    model = color_model(red_box, [patch(TABLE)])
    assert model.likeness(patch(RED)).mean() > 0.8
    assert model.likeness(patch(tuple(round(0.6 * value) for value in RED))).mean() > 0.8
    assert model.likeness(patch(TABLE)).mean() < 0.1


def test_without_colours_everything_may_be_the_tool_until_they_are_learned(colorless_box):
    model = color_model(colorless_box, [patch(TABLE)])
    assert (model.likeness(patch(BLUE)) == 1.0).all()
    learned = model.learn(patch(BLUE).reshape(-1, 3), patch(TABLE).reshape(-1, 3))
    assert learned.likeness(patch(BLUE)).mean() > 0.8
    assert learned.likeness(patch(TABLE)).mean() < 0.1


def test_a_tint_of_the_whole_image_is_told_in_spite_of_a_new_thing():
    photo = patch(TABLE, 64)
    later = photo + np.array([12, 5, 0], np.uint8)
    later[:16, :16] = RED
    np.testing.assert_array_equal(tint(later, photo), [12, 5, 0])


def test_what_is_new_has_changed_and_noise_has_not():
    photo = patch(TABLE, 64)
    later = (photo + np.random.default_rng(0).normal(0, 2, photo.shape)).astype(np.uint8)
    later[:16, :16] = RED
    changed = change(later, photo)
    assert changed[4:12, 4:12].min() > 0.9
    assert changed[20:, 20:].max() < 0.05


def test_a_shadow_is_told_from_a_dark_thing():
    photo = patch(TABLE, 64)
    later = (0.7 * photo).astype(np.uint8)
    later[:16, :16] = (20, 40, 90)
    shadow = shaded(later, photo)
    assert shadow[20:, 20:].min() > 0.9
    assert shadow[4:12, 4:12].max() < 0.1

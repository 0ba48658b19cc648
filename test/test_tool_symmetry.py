"""Declared symmetries: which turn is the same tool, and what a wrong declaration says."""

from pathlib import Path

import numpy as np
import pytest
import trimesh

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.geometry import angle_rad, inverse, transform
from dreamitate_ros.tool import Symmetry, load_tool

MOUNT = "flange_from_tool: [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]\n"
Z = np.array([0.0, 0.0, 1.0])


def folder(tmp_path: Path, symmetry: str) -> Path:
    trimesh.creation.cylinder(0.01, 0.1).export(tmp_path / "tool.stl")
    (tmp_path / "tool.yaml").write_text(MOUNT + symmetry)
    return tmp_path


def turned(angle_deg: float) -> np.ndarray:
    return Symmetry(Z, np.zeros(3), None).turn(np.radians(angle_deg))


def test_any_turn_about_the_axis_is_undone():
    symmetry = Symmetry(Z, np.zeros(3), None)
    nearest = symmetry.nearest(turned(73), np.eye(4))
    assert np.allclose(nearest, np.eye(4), atol=1e-9)


def test_tilt_is_kept():
    tilt = transform(np.array([[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]]), np.array([0.1, 0.2, 0.3]))
    nearest = Symmetry(Z, np.zeros(3), None).nearest(tilt @ turned(120), tilt)
    assert np.allclose(nearest, tilt, atol=1e-9)


@pytest.mark.parametrize(("found_deg", "left_deg"), [(175, -5), (85, 85), (100, -80), (-178, 2)])
def test_two_fold_symmetry_takes_the_nearer_of_two(found_deg, left_deg):
    nearest = Symmetry(Z, np.zeros(3), 2).nearest(turned(found_deg), np.eye(4))
    assert np.degrees(angle_rad(inverse(turned(left_deg)) @ nearest)) == pytest.approx(0, abs=1e-6)


def test_the_axis_may_pass_beside_the_origin():
    symmetry = Symmetry(Z, np.array([0.05, 0.0, 0.0]), 2)
    assert np.allclose(symmetry.turn(np.pi) @ [0.05, 0.0, 0.3, 1.0], [0.05, 0.0, 0.3, 1.0])


def test_a_declared_symmetry_is_read(tmp_path):
    tool = load_tool("rod", folder(tmp_path, "symmetry: {axis: [0, 0, 2], order: continuous}\n"))
    assert tool.symmetry is not None
    assert tool.symmetry.order is None
    assert tool.symmetry.axis.tolist() == [0, 0, 1]


@pytest.mark.parametrize(
    ("symmetry", "words"),
    [
        ("symmetry: round\n", "must read like"),
        ("symmetry: {axis: [0, 0, 1]}\n", "must read like"),
        ("symmetry: {axis: [0, 0, 1], order: 1}\n", "found the order 1"),
        ("symmetry: {axis: [0, 0, 0], order: 2}\n", "axis of no length"),
        ("symmetry: {axis: [0, 1], order: 2}\n", "'axis' must be a 1x3 matrix"),
    ],
)
def test_a_wrong_declaration_is_named(tmp_path, symmetry, words):
    with pytest.raises(DreamitateError, match=words) as caught:
        load_tool("rod", folder(tmp_path, symmetry))
    assert caught.value.code == ErrorCode.INVALID_TOOL

"""A tip found by turning the tool about it."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.spatial.transform import Rotation

from dreamitate_ros.calibrate.pivot import find_tip, read_poses
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.kinematics import flange_pose
from dreamitate_ros.geometry import transform
from dreamitate_ros.values import Array

TIP_M, DIMPLE_M = np.array([0.02, -0.01, 0.17]), np.array([0.45, 0.1, 0.05])


def poses(lean_deg: tuple[float, float], count: int = 12, noise_m: float = 0.0) -> Array:
    """Flange poses that lean by up to so much about x and y, tip in the dimple."""
    random = np.random.default_rng(3)
    leans = random.uniform(-1, 1, (count, 2)) * lean_deg
    rotations = Rotation.from_euler("x", 180, degrees=True) * Rotation.from_euler("xy", leans, degrees=True)
    matrices = rotations.as_matrix()
    return transform(matrices, DIMPLE_M - matrices @ TIP_M + random.normal(0, noise_m, (count, 3)))


def test_the_tip_is_found() -> None:
    pivot = find_tip(poses((25, 25), noise_m=0.0003))
    assert np.linalg.norm(pivot.tip_m - TIP_M) < 0.001
    assert np.linalg.norm(pivot.base_from_pivot_m - DIMPLE_M) < 0.001
    assert 0.0001 < pivot.rms_m < 0.001


@pytest.mark.parametrize(
    ("base_from_flange", "words"),
    [
        (poses((25, 25), count=5), "5 poses do not fix the tip"),
        (poses((25, 1)), r"too similar: .* only [01] deg the other"),
        (poses((25, 25), noise_m=0.004), "slipped out of the dimple"),
    ],
)
def test_what_cannot_be_trusted_is_refused(base_from_flange: Array, words: str) -> None:
    with pytest.raises(DreamitateError, match=words) as caught:
        find_tip(base_from_flange)
    assert caught.value.code == ErrorCode.INVALID_TOOL


def test_poses_are_read_from_joints(tmp_path: Path) -> None:
    joints = np.random.default_rng(0).uniform(-1, 1, (4, 6))
    (tmp_path / "pivot.yaml").write_text(yaml.safe_dump({"joints_rad": joints.tolist()}))
    np.testing.assert_allclose(read_poses(tmp_path / "pivot.yaml"), flange_pose(joints))
    (tmp_path / "pivot.yaml").write_text("joints_rad: [[1, 2]]")
    with pytest.raises(DreamitateError, match="'joints_rad' must be a 1x6 matrix"):
        read_poses(tmp_path / "pivot.yaml")

"""Rig files: what is accepted, and what each refusal says."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.rig import load_rig


def content(**changes: Any) -> dict[str, Any]:
    K = [[500.0, 0, 380.0], [0, 500.0, 220.0], [0, 0, 1]]
    return {
        "width": 768, "height": 448, "top": {"K": K}, "side": {"K": K}, "top_from_side": np.eye(4).tolist(),
        **changes,
    }  # fmt: skip


def write(path: Path, value: Any) -> Path:
    path.write_text(yaml.safe_dump(value))
    return path


def refusal(path: Path) -> str:
    with pytest.raises(DreamitateError) as caught:
        load_rig(path)
    assert caught.value.code == ErrorCode.INVALID_RIG
    return caught.value.message


def test_reads_cameras_and_arms(tmp_path: Path) -> None:
    base = np.eye(4)
    base[:3, 3] = [0.5, 0, 0.7]
    rig = load_rig(
        write(
            tmp_path / "rig.yaml",
            content(world_from_top=np.eye(4).tolist(), base_from_top={"left": base.tolist()}),
        )
    )
    assert rig.top.width == 768
    np.testing.assert_allclose(rig.world_from_base("left")[:3, 3], [-0.5, 0, -0.7])
    with pytest.raises(DreamitateError, match="right"):
        rig.world_from_base("right")


def test_a_skewed_rotation_is_refused(tmp_path: Path) -> None:
    skewed = np.eye(4)
    skewed[0, 1] = 0.1
    assert "top_from_side" in refusal(write(tmp_path / "rig.yaml", content(top_from_side=skewed.tolist())))


def test_a_mirrored_rotation_is_refused(tmp_path: Path) -> None:
    mirror = np.diag([1.0, 1, -1, 1]).tolist()
    assert "right-handed" in refusal(write(tmp_path / "rig.yaml", content(top_from_side=mirror)))


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"width": 0}, "width"),
        ({"top": None}, "top"),
        ({"side": {"K": [[1, 2], [3, 4]]}}, "K"),
        ({"side": {"K": [[500, 0, 900], [0, 500, 220], [0, 0, 1]]}}, "principal point"),
        ({"top_from_side": [["a"] * 4] * 4}, "top_from_side"),
        ({"top_from_side": [[float("nan")] * 4] * 4}, "finite"),
        ({"calibrated_at": "yesterday"}, "calibrated_at"),
    ],
)
def test_each_fault_is_named(tmp_path: Path, changes: dict[str, Any], named: str) -> None:
    assert named in refusal(write(tmp_path / "rig.yaml", content(**changes)))


def test_a_missing_file_and_a_list_are_refused(tmp_path: Path) -> None:
    assert "does not exist" in refusal(tmp_path / "none.yaml")
    assert "mapping" in refusal(write(tmp_path / "list.yaml", [1, 2]))


@pytest.mark.parametrize("method", ["board", "simulated"])
def test_calibration_grows_stale_on_hardware_only(tmp_path: Path, method: str) -> None:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    rig = load_rig(write(tmp_path / "rig.yaml", content(method=method, calibrated_at=at.isoformat())))
    rig.require_fresh(30, at + timedelta(days=29))
    if method == "simulated":
        rig.require_fresh(30, at + timedelta(days=31))
        return
    with pytest.raises(DreamitateError, match=r"31\.0 days") as caught:
        rig.require_fresh(30, at + timedelta(days=31))
    assert caught.value.code == ErrorCode.STALE_CALIBRATION


def test_an_undated_rig_moves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DreamitateError, match="calibrated_at"):
        load_rig(write(tmp_path / "rig.yaml", content())).require_fresh(30, datetime.now(UTC))

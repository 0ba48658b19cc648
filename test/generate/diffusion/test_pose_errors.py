"""The errors that trainings are judged by, on tracks that are off by a known amount."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.train import pose_errors as module
from dreamitate_ros.generate.diffusion.train import start
from dreamitate_ros.generate.diffusion.train.config import UnetTrainingConfig
from dreamitate_ros.generate.diffusion.train.pose_errors import (
    PoseErrors,
    in_view,
    pose_errors,
)
from dreamitate_ros.geometry import inverse, transform
from dreamitate_ros.rig import load_rig
from dreamitate_ros.tool import Tool, load_tool
from dreamitate_ros.values import StereoVideo, ToolTrack

RIG = load_rig(config_directory() / "rigs" / "cell.yaml")
VIDEO = StereoVideo(np.zeros((13, 1, 1, 3), np.uint8), np.zeros((13, 1, 1, 3), np.uint8), 6.0)


@pytest.fixture
def tool() -> Tool:
    return load_tool("left", config_directory() / "tools" / "block_left")


def truth() -> ToolTrack:
    """The tool above the middle of the table; at the first three times far beside it."""
    assert RIG.world_from_top is not None
    world_from_tool = np.repeat(transform(np.eye(3), np.array([0.0, 0.0, 0.1]))[None], 13, axis=0)
    world_from_tool[:3, 0, 3] = 3.0
    count = 13
    return ToolTrack(
        "left", np.arange(13) / 6, inverse(RIG.world_from_top) @ world_from_tool, np.ones(count),
        np.ones(count, bool), np.zeros((count, 2)), np.zeros((count, 6)),
    )  # fmt: skip


def found(monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    """The tracker finds the truth moved by 4 mm where it is in view, but for the changes."""
    poses = truth().top_from_tool.copy()
    poses[:, 0, 3] += 0.004
    poses[:3] = np.nan
    track = replace(truth(), top_from_tool=poses, observed=np.arange(13) > 2, **changes)
    monkeypatch.setattr(module, "track_tools", lambda *_: [track])


def test_believed_poses_count_where_both_views_show_the_tool(
    tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    confidence = np.ones(13)
    confidence[5] = 0.2
    found(monkeypatch, confidence=confidence)
    errors = pose_errors(VIDEO, RIG, {"left": tool}, [truth()], 0.5, lambda: False)
    assert (errors.wanted, errors.believed, errors.refused, errors.videos) == (10, 9, 0, 1)
    assert errors.mm == pytest.approx(np.full(9, 4.0)) and errors.deg == pytest.approx(0.0, abs=1e-4)


def test_a_video_that_the_gate_refuses_is_counted(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, confidence=np.full(13, 0.1))
    errors = pose_errors(VIDEO, RIG, {"left": tool}, [truth()], 0.5, lambda: False)
    assert (errors.believed, errors.refused) == (0, 1)
    assert np.isnan(errors.median_mm)
    assert errors.found == pytest.approx(np.tile([4.0, 0.0], (10, 1)), abs=1e-4)
    assert str(errors).endswith("all 10 found, believed or not: median 4.0 mm 0.0 deg")
    assert "0 of 10 poses believed, 1 of 1 videos refused" in str(errors)


def test_a_tool_beside_the_table_is_not_wanted(tool: Tool) -> None:
    assert in_view(RIG, tool, truth().top_from_tool).tolist() == [False] * 3 + [True] * 10


def test_errors_add_up() -> None:
    one = PoseErrors(np.array([1.0]), np.array([2.0]), np.array([0.5]), 1, 3, 1, 1)
    both = one + PoseErrors(np.array([3.0, 5.0]), np.array([4.0, 6.0]), np.array([1.5, 2.5]), 2, 4, 0, 1)
    assert both.apart_px.tolist() == [0.5, 1.5, 2.5]
    assert (both.median_mm, both.median_deg) == (3.0, 4.0)
    assert (both.believed, both.wanted, both.refused, both.videos) == (3, 7, 1, 2)


@pytest.mark.parametrize(
    ("gates", "passes"),
    [
        ((None, None), True),
        ((4.0, 3.0), True),
        ((2.0, None), False),
        ((None, 1.0), False),
        ((4.0, 1.0), False),
    ],
)
def test_a_video_model_is_not_trained_on_an_autoencoder_that_moves_the_tools(
    gates: tuple[float | None, float | None], passes: bool
) -> None:
    config = UnetTrainingConfig(
        model=Path("m"), demonstrations=Path("d"), output=Path("o"), gate_mm=gates[0], gate_deg=gates[1]
    )
    errors = PoseErrors(np.array([3.0]), np.array([2.0]), np.zeros(0), 1, 1, 0, 1)
    if passes:
        start._require_good(config, errors)
        return
    with pytest.raises(DreamitateError, match=r"3\.0 mm and 2\.0 deg") as caught:
        start._require_good(config, errors)
    assert caught.value.code == ErrorCode.GENERATION_FAILED
    nothing = PoseErrors(np.zeros(0), np.zeros(0), np.zeros(0), 0, 1, 1, 1)
    with pytest.raises(DreamitateError, match="not ready"):
        start._require_good(config, nothing)

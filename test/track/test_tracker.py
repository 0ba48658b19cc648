"""The whole tracker on a small clip whose poses are known."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh
from scipy.spatial.transform import Rotation

from dreamitate_ros.capture.framing import crop_image
from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.geometry import angle_rad, inverse, transform
from dreamitate_ros.rig import Rig
from dreamitate_ros.tool import Tool
from dreamitate_ros.track.appearance import appearance_of
from dreamitate_ros.track.gate import require_confident
from dreamitate_ros.track.overlay import draw_overlay
from dreamitate_ros.track.templates import templates_of
from dreamitate_ros.track.tracker import track_tools
from dreamitate_ros.track.views_apart import views_apart_px
from dreamitate_ros.track.working_depth import working_depth_m
from dreamitate_ros.values import StereoVideo, ToolTrack


def ignore(fraction: float, text: str) -> None:
    """A progress report that nobody reads."""


@pytest.fixture(scope="module")
def tracked(clip, rig: Rig, plates: list[Tool]) -> tuple[list[ToolTrack], list[float]]:
    fractions: list[float] = []
    tracks = track_tools(
        clip.video, rig, plates, lambda fraction, text: fractions.append(fraction), lambda: False
    )
    return tracks, fractions


def test_both_tools_are_found_where_they_are(tracked, clip):
    for track in tracked[0]:
        error = inverse(track.top_from_tool[track.present]) @ clip.truth[track.tool][track.present]
        assert 1e3 * np.linalg.norm(error[:, :3, 3], axis=1).max() < 2.0
        assert np.degrees(angle_rad(error)).max() < 2.0


def test_tools_are_absent_before_they_enter(tracked):
    left, right = tracked[0]
    assert left.observed.tolist() == [False] + [True] * 6
    assert right.observed.tolist() == [False, False] + [True] * 5
    assert left.confidence[0] == 0
    assert np.isnan(left.top_from_tool[0]).all()


def test_good_poses_are_believed(tracked):
    for track in tracked[0]:
        assert (track.confidence[track.observed] > 0.8).all()
        assert (track.confidence[~track.observed] < 0.5).all()
        assert (track.residuals_px[track.observed] < 1.0).all()
    require_confident(tracked[0][:1], gate=0.5)


def test_progress_grows_to_one(tracked):
    fractions = tracked[1]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_overlay_shows_both_views_and_marks_the_tools(tracked, clip, rig, plates):
    overlay = draw_overlay(clip.video, rig, plates, tracked[0])
    assert overlay.shape == (
        7,
        2 * rig.top.height,
        4 * rig.top.width,
        3,
    )  # twice as large: the frames are small
    plain = np.concatenate([clip.video.top, clip.video.side], axis=2).repeat(2, axis=1).repeat(2, axis=2)
    table = slice(0, rig.top.height)  # the text is below
    assert (overlay[3, table] != plain[3, table]).any(axis=2).sum() > 200


def test_a_tool_that_is_not_there_is_not_found(clip, rig, plates):
    empty = StereoVideo(clip.video.top[:1].repeat(5, axis=0), clip.video.side[:1].repeat(5, axis=0), 6.0)
    (track,) = track_tools(empty, rig, plates[:1], ignore, lambda: False)
    assert not track.present.any()
    with pytest.raises(DreamitateError) as caught:
        require_confident([track], 0.5)
    assert caught.value.code == ErrorCode.TRACKING_LOST


def test_views_that_contradict_each_other_are_not_believed(clip, rig, plates):
    shifted = np.roll(clip.video.side, 60, axis=1)  # 60 px down: no single pose explains both views
    (track,) = track_tools(StereoVideo(clip.video.top, shifted, 6.0), rig, plates[:1], ignore, lambda: False)
    assert (track.confidence < 0.5).all()


def test_stop_is_asked_and_obeyed(clip, rig, plates):
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 40

    with pytest.raises(Cancelled):
        track_tools(clip.video, rig, plates, ignore, stop)


def test_a_smaller_video_is_tracked_and_told_in_the_rigs_pixels(tracked, clip, rig, plates):
    small = StereoVideo(
        *(
            np.stack([crop_image(frame, 192, 112) for frame in view])
            for view in (clip.video.top, clip.video.side)
        ),
        6.0,
    )
    (left,) = track_tools(small, rig, plates[:1], ignore, lambda: False)
    off_m = np.linalg.norm(left.top_from_tool[2:, :3, 3] - tracked[0][0].top_from_tool[2:, :3, 3], axis=1)
    assert np.median(off_m) < 0.003
    (same,) = track_tools(small, rig.resized(192, 112), plates[:1], ignore, lambda: False)
    factor = rig.top.width / 192
    assert left.residuals_px[2:] == pytest.approx(factor * same.residuals_px[2:], nan_ok=True)
    assert draw_overlay(small, rig, plates[:1], [left]).shape[0] == 7


def test_the_views_disagreement_is_told_in_pixels_of_one_size(tracked):
    apart = replace(tracked[0][0], residuals_px=np.array([[1.0, 2.0]] * 6 + [[np.nan, 1.0]]))
    assert views_apart_px(apart, 384).tolist() == [6.0] * 6


def test_wrong_size_is_a_camera_mismatch(clip, rig, plates):
    video = StereoVideo(clip.video.top[:, ::2], clip.video.side[:, ::2], 6.0)
    with pytest.raises(DreamitateError, match="384x112 px but the rig is calibrated for 384x224") as caught:
        track_tools(video, rig, plates, ignore, lambda: False)
    assert caught.value.code == ErrorCode.CAMERA_MISMATCH


def test_black_view_is_named(clip, rig, plates):
    video = StereoVideo(clip.video.top, np.zeros_like(clip.video.side), 6.0)
    with pytest.raises(DreamitateError, match="side view is black") as caught:
        track_tools(video, rig, plates, ignore, lambda: False)
    assert caught.value.code == ErrorCode.CAMERA_MISMATCH


def test_mesh_without_surface_is_named(clip, rig, plates):
    flat = trimesh.Trimesh([[0, 0, 0], [0.1, 0, 0], [0.05, 0, 0]], [[0, 1, 2]], process=False)
    with pytest.raises(DreamitateError, match="no surface") as caught:
        track_tools(clip.video, rig, [replace(plates[0], mesh=flat)], ignore, lambda: False)
    assert caught.value.code == ErrorCode.INVALID_TOOL


def test_working_depth_lies_about_the_crossing_of_the_axes(rig):
    nearest, farthest = working_depth_m(rig)
    crossing = 0.33 / np.sin(np.radians(22.5))
    assert nearest < 0.85 * crossing < farthest < crossing


@pytest.mark.parametrize(("turn_deg", "words"), [(45, "cross behind"), (0, "same direction")])
def test_cameras_that_do_not_look_at_one_place_are_refused(rig, turn_deg, words):
    turn = Rotation.from_euler("x", turn_deg, degrees=True).as_matrix()
    with pytest.raises(DreamitateError, match=words) as caught:
        working_depth_m(replace(rig, top_from_side=transform(turn, rig.top_from_side[:3, 3])))
    assert caught.value.code == ErrorCode.INVALID_RIG


def test_what_is_prepared_of_a_tool_is_kept(rig, plates):
    appearance, depth_m = appearance_of(plates[0]), (0.7, 0.9)
    assert appearance_of(plates[0]) is appearance
    first = templates_of(appearance, rig.top, depth_m, lambda: False)
    assert templates_of(appearance, replace(rig.top), depth_m, lambda: False) is first
    smaller = replace(rig.top, K=0.9 * rig.top.K)
    assert templates_of(appearance, smaller, depth_m, lambda: False) is not first


def test_drawing_templates_can_be_stopped(rig, plates):
    with pytest.raises(Cancelled):
        templates_of(appearance_of(plates[0]), rig.top, (0.6, 0.8), lambda: True)

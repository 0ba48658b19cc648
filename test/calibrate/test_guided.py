"""A calibration taken pose by pose: what is suggested, what is refused, and that nothing is lost in between."""

import re

import cv2
import numpy as np
import pytest

from dreamitate_ros.calibrate.guided import GuidedCalibration
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.execute.kinematics import flange_pose
from dreamitate_ros.geometry import angle_rad, inverse
from dreamitate_ros.simulate.scene import photo_cameras
from dreamitate_ros.values import StereoImage


def taken(place):
    flange = None if place.joints_rad is None else flange_pose(place.joints_rad)
    return StereoImage(place.photos["top"], place.photos["side"]), place.held_by, flange


@pytest.fixture(scope="module")
def guided(tmp_path_factory, rig, board, places):
    session = GuidedCalibration(tmp_path_factory.mktemp("guided"), board, photo_cameras(rig))
    said = [session.add(*taken(place)) for place in places]
    return session, said


def test_it_says_what_is_missing_until_it_is_enough(guided):
    _, said = guided
    first = re.match(
        r"pose 0 taken, seen by top \((.*) px\) and side \((.*) px\)\. 1 poses so far: both cameras see the board in 1",
        said[0],
    )
    assert first is not None, said[0]
    assert all(0.01 < float(error_px) < 0.5 for error_px in first.groups())
    assert any("arm shows the board in" in line for line in said), "then more of the arm's poses"
    assert "enough to solve" in said[-1]


def test_what_was_taken_is_solved_and_survives_the_process(guided, rig, board):
    session, _ = guided
    again = GuidedCalibration(session.folder, board, session.cameras)
    assert len(again) == len(session)
    assert again.next_step() == session.next_step()
    apart = inverse(rig.base_from_top["left"]) @ again.solve().rig(768, 448).base_from_top["left"]
    assert np.linalg.norm(apart[:3, 3]) < 0.002
    assert np.rad2deg(angle_rad(apart)) < 0.2


def test_a_photo_without_the_board_is_not_kept(tmp_path, rig, board, places):
    session = GuidedCalibration(tmp_path, board, photo_cameras(rig))
    empty = np.full_like(places[0].photos["top"], 90)
    with pytest.raises(DreamitateError, match="not taken: the top photo does not show the board"):
        session.add(StereoImage(empty, empty), "table", None)
    assert len(session) == 0 and not list(tmp_path.glob("*.png"))


def test_an_arms_pose_needs_its_flange_and_the_last_can_be_taken_back(tmp_path, rig, board, places):
    session = GuidedCalibration(tmp_path, board, photo_cameras(rig))
    photos, held_by, flange = taken(places[1])
    with pytest.raises(DreamitateError, match="left arm's flange"):
        session.add(photos, held_by, None)
    session.add(photos, held_by, flange)
    assert "pose 0 removed. 0 poses so far" in session.remove_last()
    with pytest.raises(DreamitateError, match="no pose to remove"):
        session.remove_last()


def test_another_board_does_not_go_on_in_the_same_folder(guided, board):
    session, _ = guided
    other = type(board)(columns=9, rows=6, square_m=0.03, marker_m=0.02)
    with pytest.raises(DreamitateError, match="begun with another board"):
        GuidedCalibration(session.folder, other, session.cameras)


def test_the_overlay_marks_corners_and_what_is_not_covered(tmp_path, rig, board, places):
    session = GuidedCalibration(tmp_path, board, photo_cameras(rig))
    photo = places[1].photos["top"]
    before = session.overlay(photo, "top")
    session.add(*taken(places[1]))
    after = session.overlay(photo, "top")
    red = [(picture[..., 0].astype(int) - picture[..., 1] > 120).sum() for picture in (before, after)]
    assert red[1] < red[0], "the part with the board is covered now"
    cv2.imwrite(str(tmp_path / "overlay.png"), after[..., ::-1])

"""From photos of the simulated cell to its rig, and every reason not to trust them."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml
from scipy.spatial.transform import Rotation

from dreamitate_ros.calibrate.calibration import Calibration, calibrate, report, write_rig
from dreamitate_ros.calibrate.checks import require_enough
from dreamitate_ros.calibrate.recording import read_recording
from dreamitate_ros.calibrate.sighting import Sighting
from dreamitate_ros.calibrate.solve import Seen
from dreamitate_ros.cli import main
from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.execute.kinematics import flange_pose
from dreamitate_ros.execute.ur5e import D6_M
from dreamitate_ros.geometry import angle_rad, inverse, transform
from dreamitate_ros.rig import Rig, load_rig
from dreamitate_ros.values import Array, Image

Record = Callable[[list[Any]], Path]


def run(folder: Path) -> Calibration:
    return calibrate(read_recording(folder), lambda fraction, what: None, lambda: False)


def refusal(folder: Path) -> str:
    with pytest.raises(DreamitateError) as caught:
        run(folder)
    assert caught.value.code == ErrorCode.INVALID_RIG
    return caught.value.message


def off(found: Array, true: Array) -> tuple[float, float]:
    """mm and deg between two poses of the same thing."""
    apart = inverse(true) @ found
    return float(np.linalg.norm(apart[:3, 3]) * 1e3), float(np.rad2deg(angle_rad(apart)))


def edit(folder: Path, change: Callable[[dict], None]) -> Path:
    content = yaml.safe_load((folder / "recording.yaml").read_text())
    change(content)
    (folder / "recording.yaml").write_text(yaml.safe_dump(content))
    return folder


def through(places: list[Any], filter_photo: Callable[[Image], Image]) -> list[Any]:
    return [
        replace(place, photos={view: filter_photo(photo) for view, photo in place.photos.items()})
        for place in places
    ]


@pytest.fixture
def folder(record: Record, places: list[Any]) -> Path:
    return record(places)


def require_near(found: Rig, true: Rig, mm: float, deg: float) -> None:
    pairs = {
        "top_from_side": (found.top_from_side, true.top_from_side),
        "base_from_top": (found.base_from_top["left"], true.base_from_top["left"]),
        "world_from_top": (found.world_from_top, true.world_from_top),
    }
    for name, (one, other) in pairs.items():
        assert one is not None
        assert other is not None
        off_mm, off_deg = off(one, other)
        print(f"{name}: {off_mm:.2f} mm, {off_deg:.3f} deg")
        assert off_mm < mm, name
        assert off_deg < deg, name


def test_the_cells_rig_is_found(folder: Path, rig: Rig) -> None:
    calibration = run(folder)
    write_rig(folder / "rig.yaml", calibration, rig.top.width, rig.top.height)
    found = load_rig(folder / "rig.yaml")
    require_near(found, rig, 1.0, 0.1)
    np.testing.assert_allclose(found.top.K, rig.top.K, atol=1e-6)
    assert found.calibrated_at == datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)
    assert found.method == "charuco"
    assert calibration.solution.rms_px < 0.5
    for mm, deg in calibration.solution.uncertainty.values():
        assert 0 < mm < 1.0
        assert 0 < deg < 0.1
    assert any("reprojection error" in line for line in report(calibration))


def test_an_arm_that_is_a_little_off_is_borne(folder: Path, rig: Rig) -> None:
    """Half a millimetre and a twentieth of a degree, as real arms are: camera-to-base within 2 mm and 0.2 deg."""
    random = np.random.default_rng(4)

    def shake(content: dict) -> None:
        for entry in content["poses"]:
            if "joints_rad" in entry:
                turn = Rotation.from_rotvec(np.deg2rad(random.normal(0, 0.05, 3))).as_matrix()
                error = transform(turn, random.normal(0, 0.0005, 3))
                entry["base_from_flange"] = (flange_pose(np.array(entry.pop("joints_rad"))) @ error).tolist()

    require_near(run(edit(folder, shake)).rig(768, 448), rig, 2.0, 0.2)


def test_the_command_writes_the_rig(folder: Path, rig: Rig) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "dreamitate_ros.cli", "calibrate", "--recording", str(folder), "--output", "found.yaml"],
        cwd=folder, capture_output=True, text=True, timeout=200, env=os.environ,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "base_from_top of the left arm: known to" in ran.stdout
    require_near(load_rig(folder / "found.yaml"), rig, 1.0, 0.1)


def test_it_stops_when_asked(folder: Path) -> None:
    with pytest.raises(Cancelled):
        calibrate(read_recording(folder), lambda fraction, what: None, lambda: True)


def test_another_dictionary_is_refused(folder: Path) -> None:
    words = refusal(edit(folder, lambda content: content["board"].update(dictionary="DICT_4X4_100")))
    assert "shows markers of DICT_5X5, not of the board" in words


def test_a_board_with_other_squares_is_refused(folder: Path) -> None:
    words = refusal(edit(folder, lambda content: content["board"].update(columns=5)))
    assert "both cameras see the board in 0 poses only" in words
    assert "another board?" in words


def test_a_board_not_printed_true_to_size_is_refused(folder: Path) -> None:
    words = refusal(edit(folder, lambda content: content["board"].update(square_m=0.0400, marker_m=0.0295)))
    assert "squares measure 38.0" in words
    assert "not 40.00 mm" in words
    assert "100 %" in words


@pytest.mark.parametrize("kind", ["out of focus", "moving"])
def test_blurred_photos_are_refused(kind: str, record: Record, places: list[Any]) -> None:
    def blur(photo: Image) -> Image:
        if kind == "moving":
            return np.asarray(cv2.filter2D(photo, -1, np.full((1, 10), 0.1)), np.uint8)
        return np.asarray(cv2.GaussianBlur(photo, (0, 0), 2.8), np.uint8)

    words = refusal(record(through(places, blur)))
    assert "poses only" in words
    assert "is blurred: edges are" in words


def test_one_blurred_photo_is_left_out_and_told(record: Record, rig: Rig, places: list[Any]) -> None:
    spoilt = through(places[:2], lambda photo: np.asarray(cv2.GaussianBlur(photo, (0, 0), 2.8), np.uint8))
    calibration = run(record([places[0], spoilt[1], *places[2:]]))
    assert any("01_top.png" in reason for reason in calibration.left_out)
    require_near(calibration.rig(768, 448), rig, 1.0, 0.1)


def test_too_few_poses_are_refused(record: Record, places: list[Any]) -> None:
    words = refusal(record(places[:7]))
    assert "left arm shows the board in 6 poses only; 8 are needed" in words


def test_poses_turned_about_one_axis_only_are_refused(folder: Path) -> None:
    """Turned in its plane only: the position along the axis stays unknown."""

    def align(content: dict) -> None:
        for index, entry in enumerate(content["poses"][1:]):
            turn = Rotation.from_euler("z", 7.0 * index, degrees=True).as_matrix()
            entry["base_from_flange"] = transform(turn, np.array([0.5, 0.02 * index, 0.2])).tolist()

    words = refusal(edit(folder, align))
    assert "the poses of the left arm are too similar" in words
    assert "about the flange's" in words
    assert "flange's z axis" not in words


def test_a_table_never_seen_is_asked_for(folder: Path) -> None:
    assert "lay it flat on the table" in refusal(edit(folder, lambda content: content["poses"].pop(0)))


def test_a_corner_of_the_photo_is_not_enough(folder: Path) -> None:
    """Any pictures, as if all boards had been in the upper left."""
    recording = read_recording(folder)
    random = np.random.default_rng(0)
    few = Sighting(np.arange(24), random.uniform([0, 0], [600, 200], (24, 2)))
    seen = [Seen(pose, {"top": few, "side": few}) for pose in recording.poses]
    with pytest.raises(DreamitateError) as caught:
        require_enough(seen, recording.cameras, [])
    assert "the board covers 2 of 12 parts of the top photo; 5 are needed" in caught.value.message
    assert "with the board in the middle part of the left half of the top photo" in caught.value.message


def test_a_pose_taken_while_the_arm_moved_is_named(folder: Path) -> None:
    def move(content: dict) -> None:
        content["poses"][5]["joints_rad"][0] += 0.03

    words = refusal(edit(folder, move))
    assert "the pose 05_top.png show the left arm's flange" in words
    assert "Take that pose again" in words


def test_a_mistake_in_the_file_is_named(folder: Path) -> None:
    for change, words in (
        (lambda content: content.pop("board"), "'board' is missing"),
        (lambda content: content["poses"][2].update(held_by="foot"), r"poses\[2\].held_by must be one of"),
        (lambda content: content["poses"][2].pop("joints_rad"), r"poses\[2\] needs the arm's 'joints_rad'"),
        (lambda content: content["board"].update(rows="many"), "the board cannot be used"),
        (lambda content: content["top"].update(D=[0.1, 0, 0, 0, 0]), "'top.D' tells of lens distortion"),
    ):
        before = (folder / "recording.yaml").read_text()
        with pytest.raises(DreamitateError, match=words) as caught:
            run(edit(folder, change))
        assert caught.value.code == ErrorCode.INVALID_PARAMETER
        (folder / "recording.yaml").write_text(before)


def test_the_k_of_another_camera_is_refused(folder: Path) -> None:
    def enlarge(content: dict) -> None:
        content["side"]["K"][0][0] *= 1.03
        content["side"]["K"][1][1] *= 1.03

    words = refusal(edit(folder, enlarge))
    assert "the photos of the side camera tell a focal length -3.0 % from that of its K" in words


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--recording", "nowhere"], "nowhere/recording.yaml does not exist"),
        (["--recording", ".", "--size", "large"], "--size takes WIDTHxHEIGHT"),
        (["--recording", ".", "--output", "nowhere/rig.yaml"], "nowhere/rig.yaml cannot be written"),
        (["--print-board", "nowhere/board.pdf"], "nowhere/board.pdf cannot be written"),
        (["--print-board", "board.pdf", "--board", "rows=many"], "the board cannot be used"),
        (["--pivot", "nowhere.yaml"], "nowhere.yaml does not exist"),
    ],
)
def test_a_users_mistake_is_one_line(
    options: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["calibrate", *options]) == 2
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1


def test_the_command_prints_boards_and_finds_tips(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    board = "columns=9,rows=6,square_m=0.028,marker_m=0.021,dictionary=DICT_6X6_250"
    assert main(["calibrate", "--print-board", "board.pdf", "--board", board]) == 0
    assert (tmp_path / "board.pdf").read_bytes().startswith(b"%PDF")
    random = np.random.default_rng(0)
    joints = [[0.3, -1.6, 1.7, -1.7, -1.5, 0.2]] + [
        [0.3, -1.6, 1.7, -1.7, *random.uniform(-2, 2, 2)] for _ in range(7)
    ]
    (tmp_path / "pivot.yaml").write_text(
        yaml.safe_dump({"joints_rad": [[float(q) for q in row] for row in joints]})
    )
    assert main(["calibrate", "--pivot", "pivot.yaml"]) == 0
    tip = re.search(r"tip in the flange's frame: \[(.*), (.*), (.*)\] m", capsys.readouterr().out)
    assert tip is not None
    np.testing.assert_allclose([float(value) for value in tip.groups()], [0.0, 0.0, -D6_M], atol=1e-4)

"""The episode folder: everything in it, nothing lost, and no failure of its own."""

import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from dreamitate_ros import episode_files as files
from dreamitate_ros.dreams.choose import Dream, Verdict
from dreamitate_ros.episode import Episode
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.video_file import read_frames
from dreamitate_ros.values import ArmTrajectory, Execution, StereoImage, StereoVideo, ToolPath


def trajectory(arm: str, points: int = 5) -> ArmTrajectory:
    times_s = np.linspace(0.0, 2.0, points)
    names = tuple(f"{arm}_joint_{index}" for index in range(6))
    positions = np.linspace(0, 1, points * 6).reshape(points, 6)
    path = ToolPath(arm, times_s, np.tile(np.eye(4), (points, 1, 1)))
    return ArmTrajectory(arm, names, times_s, positions, 2 * positions, 3 * positions, (0.5, 1.5), path)


def test_the_folder_holds_what_was_saved(tmp_path: Path) -> None:
    episode = Episode.create(tmp_path, "rotate", {"seed": 7, "gate": np.float64(0.5), "config": tmp_path})
    top = np.full((64, 96, 3), (200, 30, 10), np.uint8)
    side = np.full((64, 96, 3), (10, 30, 200), np.uint8)
    episode.save_photos(StereoImage(top, side))
    episode.dream(1).save_video(StereoVideo(np.stack([top] * 3), np.stack([side] * 3), 6.0))
    episode.show_dream(1)

    parameters = yaml.safe_load((episode.folder / files.PARAMETERS).read_text())
    assert parameters["task"] == "rotate"
    assert parameters["seed"] == 7
    assert parameters["gate"] == 0.5
    assert "numpy" in parameters["versions"]
    stored = cv2.cvtColor(cv2.imread(str(episode.folder / files.TOP)), cv2.COLOR_BGR2RGB)
    assert (stored == top).all()
    frames = read_frames(episode.folder / files.IMAGINED)
    assert frames.shape == (3, 64, 192, 3)
    assert abs(frames[0, :, 10:80].mean((0, 1)) - top[0, 0]).max() < 12
    assert abs(frames[0, :, 110:180].mean((0, 1)) - side[0, 0]).max() < 12


def test_a_path_that_is_not_as_tracked_is_an_event(tmp_path: Path) -> None:
    episode = Episode.create(tmp_path, "rotate", {})
    plan = trajectory("left")
    episode.chosen(Dream(1, 7, None, Verdict({}), (), {"left": plan}))
    assert "path_changed" not in [
        event["event"] for event in files.read_events(episode.folder / files.EVENTS)
    ]
    moved = replace(plan, path=replace(plan.path, moved_m=np.array([0.0, -0.02, 0.0]), leveled_rad=0.1))
    episode.dream(1).save_plan({"left": moved})
    episode.chosen(Dream(1, 7, None, Verdict({}), (), {"left": moved}))
    last = files.read_events(episode.folder / files.EVENTS)[-1]
    assert (
        last["changes"] == "left path moved by 20 mm (x +0, y -20, z +0 mm in the world), leveled by 5.7 deg"
    )
    stored = files.read_plan(episode.folder / files.DREAMS / "01" / files.PLANNED)["left"]
    np.testing.assert_array_equal(stored.path.moved_m, moved.path.moved_m)
    assert stored.path.leveled_rad == moved.path.leveled_rad


def test_the_rig_is_kept(tmp_path: Path) -> None:
    rig = tmp_path / "my_rig.yaml"
    rig.write_text("width: 768\n")
    episode = Episode.create(tmp_path, "rotate", {"rig": str(rig)})
    assert (episode.folder / files.RIG).read_text() == "width: 768\n"


def test_two_runs_in_one_second_have_two_folders(tmp_path: Path) -> None:
    folders = {Episode.create(tmp_path, "rotate", {}).folder for _ in range(5)}
    assert len(folders) == 5


def test_a_task_name_cannot_leave_the_root(tmp_path: Path) -> None:
    root = tmp_path / "episodes"
    assert Episode.create(root, "../../etc/ passwd", {}).folder.parent == root


def test_a_root_that_is_a_file_is_one_clear_error(tmp_path: Path) -> None:
    root = tmp_path / "file"
    root.write_text("")
    with pytest.raises(DreamitateError, match="no episode folder can be made under") as caught:
        Episode.create(root, "rotate", {})
    assert caught.value.code == ErrorCode.INVALID_PARAMETER


def test_plan_and_execution_come_back_as_they_were(tmp_path: Path) -> None:
    episode = Episode.create(tmp_path, "rotate", {})
    plan = {arm: trajectory(arm) for arm in ("left", "right")}
    episode.dream(1).save_plan(plan)
    stored = files.read_plan(episode.folder / files.DREAMS / "01" / files.PLANNED)
    assert list(stored) == ["left", "right"]
    for arm, expected in plan.items():
        assert stored[arm].joint_names == expected.joint_names
        assert stored[arm].contact_s == expected.contact_s
        np.testing.assert_array_equal(stored[arm].velocities, expected.velocities)
        np.testing.assert_array_equal(stored[arm].path.base_from_tool, expected.path.base_from_tool)

    done = Execution(np.arange(4.0), {"left": np.ones((4, 6))}, {"left": np.array([0.5, 0.8])}, {})
    episode.save_execution(done)
    again = files.read_execution(episode.folder / files.EXECUTED)
    np.testing.assert_array_equal(again.positions["left"], done.positions["left"])
    np.testing.assert_array_equal(again.path_error_mm["left"], [0.5, 0.8])
    assert again.path_error_deg == {}


def test_the_chosen_dream_stands_next_to_the_photos(tmp_path: Path) -> None:
    episode = Episode.create(tmp_path, "rotate", {})
    for number, arm in ((1, "left"), (2, "right"), (3, "left")):
        episode.dream(number).save_plan({arm: trajectory(arm)})
    episode.show_dream(2)
    episode.finish(None)
    episode.wait_for_report()
    assert list(files.read_plan(episode.folder / files.PLANNED)) == ["right"]
    assert [folder.name for folder in files.dream_folders(episode.folder)] == ["01", "02", "03"]


def test_where_none_was_chosen_the_last_dream_does(tmp_path: Path) -> None:
    episode = Episode.create(tmp_path, "rotate", {})
    for number, arm in ((1, "left"), (2, "right")):
        episode.dream(number).save_plan({arm: trajectory(arm)})
    episode.finish(DreamitateError(ErrorCode.CANCELLED, "goal cancelled"))
    episode.wait_for_report()
    assert list(files.read_plan(episode.folder / files.PLANNED)) == ["right"]


def test_events_have_time_name_and_facts_as_valid_json(tmp_path: Path) -> None:
    episode = Episode.create(tmp_path, "rotate", {})
    episode.event("finished", stage="track", compute_s=np.float32(1.5), worst=float("nan"), tools=("l", "r"))
    event = files.read_events(episode.folder / files.EVENTS)[-1]
    assert event["event"] == "finished"
    assert event["stage"] == "track"
    assert event["compute_s"] == 1.5
    assert event["worst"] is None
    assert event["tools"] == ["l", "r"]
    assert event["elapsed_s"] >= 0
    assert event["time"].endswith("+00:00")


def test_a_failed_run_says_why(tmp_path: Path) -> None:
    episode = Episode.create(tmp_path, "rotate", {})
    episode.finish(DreamitateError(ErrorCode.UNREACHABLE, "left: out of reach by 12 mm at 0.5 s"))
    episode.wait_for_report()
    result = json.loads((episode.folder / files.RESULT).read_text())
    assert result["success"] is False
    assert result["error_code"] == 500
    assert result["error"] == "UNREACHABLE"
    assert result["message"] == "left: out of reach by 12 mm at 0.5 s"
    assert "out of reach by 12 mm" in (episode.folder / files.REPORT).read_text()


def test_what_cannot_be_written_is_named_and_raises_nothing(tmp_path: Path) -> None:
    episode = Episode.create(tmp_path, "rotate", {})
    (episode.folder / files.TOP).mkdir()  # in the way
    photo = np.zeros((8, 8, 3), np.uint8)
    episode.save_photos(StereoImage(photo, photo))
    episode.finish(None)
    episode.wait_for_report()
    events = files.read_events(episode.folder / files.EVENTS)
    assert [event["file"] for event in events if event["event"] == "not_recorded"] == [files.TOP]
    assert (episode.folder / files.SIDE).is_file()
    assert (episode.folder / files.REPORT).is_file()


def test_a_vanished_folder_raises_nothing(tmp_path: Path) -> None:
    episode = Episode.create(tmp_path / "root", "rotate", {})
    (tmp_path / "root").rename(tmp_path / "moved")
    episode.event("still here")
    episode.finish(DreamitateError(ErrorCode.UNKNOWN, "lost"))
    episode.wait_for_report()


DIES = """
import sys, time
from pathlib import Path
import numpy as np
from dreamitate_ros.episode import Episode
from dreamitate_ros.values import StereoImage
episode = Episode.create(Path(sys.argv[1]), "rotate", {})
photo = np.zeros((8, 8, 3), np.uint8)
episode.save_photos(StereoImage(photo, photo))
episode.event("started", stage="execute")
print(episode.folder, flush=True)
time.sleep(60)
"""


def test_kill_9_in_mid_run_loses_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", DIES, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        process.send_signal(signal.SIGKILL)
    assert [event["event"] for event in files.read_events(folder / files.EVENTS)] == ["created", "started"]
    assert (folder / files.TOP).stat().st_size > 0
    assert (folder / files.PARAMETERS).stat().st_size > 0


def test_a_line_cut_off_by_a_crash_is_left_out(tmp_path: Path) -> None:
    events = tmp_path / files.EVENTS
    events.write_text('{"event": "created"}\n{"event": "star')
    assert files.read_events(events) == [{"event": "created"}]

"""The page of an episode: the outcome first, everything inside the one file, whatever is missing."""

import re
from pathlib import Path

import numpy as np
import pytest

from dreamitate_ros.dreams.choose import Dream, Verdict
from dreamitate_ros.episode import Episode
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.report import write_summary
from dreamitate_ros.report.timing import overhead_s, stages
from dreamitate_ros.values import ArmTrajectory, Execution, StereoImage, StereoVideo, ToolPath, ToolTrack

TIMES_S = np.arange(5) / 6


def whole_episode(root: Path) -> Episode:
    episode = Episode.create(root, "rotate", {"seed": 7})
    view = np.full((5, 56, 96, 3), 90, np.uint8)
    poses = np.tile(np.eye(4), (5, 1, 1))
    poses[:, 2, 3] = 0.7
    joints = np.linspace(0, 1, 20)[:, None].repeat(6, 1)
    path = ToolPath("left", np.linspace(0.5, 1.5, 5), poses, np.array([0.0, 0.0, 0.012]))
    names = tuple(f"left_joint_{index}" for index in range(6))
    plan = ArmTrajectory(
        "left", names, np.linspace(0, 2, 20), joints, 0 * joints, 0 * joints, (0.5, 1.5), path
    )
    episode.event("started", stage="capture")
    episode.save_photos(StereoImage(view[0], view[0]))
    episode.event("finished", stage="capture")
    dream = episode.dream(1)
    dream.save_video(StereoVideo(view, view, 6.0))
    dream.save_overlay(np.concatenate([view, view], axis=2), 6.0)
    dream.save_tracks(
        [
            ToolTrack(
                "left",
                TIMES_S,
                poses,
                np.ones(5),
                np.ones(5, bool),
                np.full((5, 2), 0.3),
                np.full((5, 6), 1e-3),
            )
        ]
    )
    dream.save_plan({"left": plan})
    judged = Dream(1, 7, None, Verdict({"rest": 0.5}))
    episode.judged(judged)
    episode.chosen(judged)
    episode.show_dream(1)
    errors = {"left": np.full(5, 0.8)}
    episode.save_execution(Execution(plan.times_s, {"left": joints}, errors, errors))
    episode.save_execution_video(view.repeat(2, axis=0), 5.0)
    return episode


def page(episode: Episode, error: DreamitateError | None) -> str:
    episode.finish(error)
    episode.wait_for_report(60)
    return (episode.folder / "report.html").read_text()


def require_self_contained(html: str) -> None:
    assert not re.findall(r"(?:src|href)=[\"'](?!data:|#)[^\"']+", html)
    assert "@import" not in html


def test_a_whole_episode_has_every_section(tmp_path: Path) -> None:
    html = page(whole_episode(tmp_path), None)
    require_self_contained(html)
    for words in ("What the cameras saw", "What was imagined", "Where the tools went", "What the arms did"):
        assert words in html
    assert "Not as tracked: left path raised by 12.0 mm." in html
    assert html.count("<svg") >= 3
    assert "data:video/mp4" in html
    assert "Dream 1 of 1 was acted out" in html
    assert "rest 0.50" in html
    assert "Not shown" not in html


def test_refused_dreams_are_shown_with_their_reasons(tmp_path: Path) -> None:
    episode = Episode.create(tmp_path, "rotate", {})
    refusal = DreamitateError(ErrorCode.TRACKING_LOST, "the left tool <melts>")
    for number in (1, 2):
        episode.dream(number).save_video(StereoVideo(*[np.full((5, 56, 96, 3), 90, np.uint8)] * 2, 6.0))
        episode.judged(Dream(number, 6 + number, None, Verdict({}, refusal)))
    html = page(episode, DreamitateError(ErrorCode.DREAMS_REFUSED, "none of 2"))
    assert "None of 2 was acted out" in html
    assert html.count("TRACKING_LOST: the left tool &lt;melts&gt;") == 2
    assert html.count('alt="dream ') == 2
    assert (episode.folder / "imagined.mp4").is_file()  # of the last one


def test_a_failed_run_says_why_first_and_shows_what_there_is(tmp_path: Path) -> None:
    episode = Episode.create(tmp_path, "rotate", {})
    html = page(episode, DreamitateError(ErrorCode.NO_IMAGES, "the top camera publishes <nothing>"))
    require_self_contained(html)
    assert "the top camera publishes &lt;nothing&gt;" in html
    assert html.index("the top camera") < html.index("What the cameras saw")


def test_the_summary_picture_needs_a_motion(tmp_path: Path) -> None:
    assert write_summary(Episode.create(tmp_path, "rotate", {}).folder) is None
    written = write_summary(whole_episode(tmp_path).folder)
    assert written is not None
    assert written.stat().st_size > 1000


def test_overhead_is_what_the_stages_did_not_compute() -> None:
    events = [
        {"event": "started", "stage": "track", "elapsed_s": 1.0},
        {"event": "finished", "stage": "track", "elapsed_s": 5.0, "compute_s": 3.5},
        {"event": "started", "stage": "execute", "elapsed_s": 5.2},
        {"event": "motion_started", "elapsed_s": 5.6},
    ]
    assert overhead_s(events) == pytest.approx(5.6 - 3.5)
    assert next((stage.name, stage.duration_s) for stage in stages(events)) == ("track", 4.0)
    assert overhead_s(events[:3]) is None


def test_each_dream_s_stages_count() -> None:
    events = [
        {"event": "started", "stage": "track", "elapsed_s": 1.0},
        {"event": "failed", "stage": "track", "elapsed_s": 3.0, "compute_s": 1.5},
        {"event": "started", "stage": "track", "elapsed_s": 4.0},
        {"event": "finished", "stage": "track", "elapsed_s": 8.0, "compute_s": 3.5},
        {"event": "motion_started", "elapsed_s": 9.0},
    ]
    assert [(stage.name, stage.duration_s) for stage in stages(events)] == [("track", 2.0), ("track", 4.0)]
    assert overhead_s(events) == pytest.approx(9.0 - 1.5 - 3.5)


def test_a_stage_that_moves_the_arms_counts_until_they_move() -> None:
    events = [
        {"event": "started", "stage": "execute", "elapsed_s": 5.0},
        {"event": "motion_started", "elapsed_s": 5.6},
        {"event": "finished", "stage": "execute", "elapsed_s": 15.0, "compute_s": 10.0},
    ]
    assert overhead_s(events) == pytest.approx(5.0)

"""The benchmark's parts that need no rendering: motions, artefacts, scores, the table, resuming."""

from dataclasses import replace

import numpy as np
import pytest

from dreamitate_ros.benchmark import tracker
from dreamitate_ros.benchmark.artefacts import Strength, disagreeing, spoiled
from dreamitate_ros.benchmark.bad_videos import KINDS
from dreamitate_ros.benchmark.cases import TOOLS
from dreamitate_ros.benchmark.hand import Capsule, Hand, grip
from dreamitate_ros.benchmark.motion import random_motion
from dreamitate_ros.benchmark.score import difference
from dreamitate_ros.benchmark.tracker_table import figures, table
from dreamitate_ros.benchmark.trial import BAD, CLEAN, SMALL, SPOILED, Job, benchmark_rig, benchmark_tools
from dreamitate_ros.geometry import inverse, project
from dreamitate_ros.track.appearance import appearance_of
from dreamitate_ros.values import StereoVideo


@pytest.mark.parametrize("tool", TOOLS)
def test_motions_are_smooth_stay_over_the_table_and_differ_by_seed(tool):
    motion = random_motion(tool, np.random.default_rng(1))
    assert motion.shape == (13, 4, 4)
    assert np.linalg.norm(np.diff(motion[1:, :3, 3], axis=0), axis=1).max() < 0.15
    assert motion[:, 2, 3].min() > 0
    assert not np.allclose(motion, random_motion(tool, np.random.default_rng(2)))


def test_the_views_are_apart_as_far_as_asked_and_the_truth_is_between_them():
    rig = benchmark_rig()
    motion = np.repeat(random_motion("spoon", np.random.default_rng(3))[5:6], 4000, axis=0)
    shown = disagreeing(rig, motion, 4.0, np.random.default_rng(0))
    cameras = (rig.world_from_top, rig.world_from_top @ rig.top_from_side)
    shifts = []
    for view, (camera, world_from_camera) in enumerate(zip((rig.top, rig.side), cameras, strict=True)):
        places = [
            project(camera, (inverse(world_from_camera) @ poses)[:, :3, 3]) for poses in (shown[view], motion)
        ]
        shifts.append(places[0] - places[1])
    apart = np.linalg.norm(shifts[0] - shifts[1], axis=1)
    assert np.sqrt((apart**2).mean()) == pytest.approx(4.0, rel=0.05)
    assert np.allclose(shifts[0].mean(axis=0), 0, atol=0.3)


def test_spoiling_leaves_the_photo_and_changes_the_rest():
    random = np.random.default_rng(0)
    frames = random.integers(0, 255, (3, 24, 32, 3), dtype=np.uint8)
    video = spoiled(StereoVideo(frames, frames, 6.0), Strength(0.3, 0.3, 0.05, 40, 4.0), random)
    assert np.array_equal(video.top[0], frames[0])
    assert (video.top[1:] != frames[1:]).any()
    assert video.side.shape == frames.shape


def test_a_hand_hides_what_is_behind_it():
    appearance = appearance_of(benchmark_tools()["spoon"])
    hand = grip(appearance, np.random.default_rng(0))
    above = np.array([-0.1, 0.0, 0.6])
    aside = Capsule(np.array([0.0, 0.3, 0.0]), np.array([0.0, 0.4, 0.0]), 0.02)
    assert 0.02 < hand.hidden(appearance, above) < 0.6
    assert Hand((aside,), hand.wrist_m).hidden(appearance, above) == 0.0


def test_a_symmetric_turn_is_no_error():
    pusher, pose = benchmark_tools()["pusher"], np.eye(4)
    turned = pusher.symmetry.turn(1.2)
    assert difference(turned, pose, pusher.symmetry) == pytest.approx((0.0, 0.0), abs=1e-6)
    assert difference(turned, pose, None)[1] == pytest.approx(np.degrees(1.2))


def outcome(label: str, mm: list, confidence: list, refused: str | None = None) -> dict:
    return {
        "key": f"{label}/x", "label": label, "tool": "spoon", "mm": mm,
        "deg": [None if value is None else 1.0 for value in mm],
        "wanted": [True] * len(mm), "confidence": confidence, "hidden": [0.1] * len(mm), "apart_px": [1.0] * len(mm),
        "refused": refused, "stages_s": {"searching": 1.0}, "cpu_s": 2.0,
    }  # fmt: skip


def test_missing_poses_count_as_wrong_and_belief_is_judged():
    found = figures([outcome(CLEAN, [1.0, 2.0, 30.0, None], [0.9, 0.9, 0.9, 0.0])])
    assert found["poses"] == 4
    assert found["p95_mm"] == np.inf or found["p95_mm"] == 30.0
    assert found["believed"] == pytest.approx(0.75)
    assert (found["believed_right"], found["believed_poses"]) == (2, 3)


def test_the_table_names_every_kind_and_what_was_refused():
    text = table([
        outcome(CLEAN, [1.0], [0.9]), outcome(SPOILED, [2.0], [0.9]), outcome("bad: noise", [], [], "TRACKING_LOST: x"),
    ])  # fmt: skip
    assert "1 of 1 refused" in text
    assert CLEAN in text
    assert SPOILED in text


def test_every_kind_and_tool_is_planned_and_bad_videos_come_in_all_kinds():
    jobs = tracker.planned(2, 14, 7)
    assert {(job.kind, job.tool) for job in jobs if job.kind != BAD} == {
        (kind, tool) for kind in (CLEAN, SPOILED, SMALL) for tool in TOOLS
    }
    assert sum(job.kind == BAD for job in jobs) == 14 == 2 * len(KINDS)
    assert len({job.key for job in jobs}) == len(jobs)


def test_the_table_is_printed_and_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(tracker, "run", lambda job: outcome(CLEAN, [1.0], [0.9]) | {"key": job.key})
    monkeypatch.setattr(tracker, "timing", lambda seed: "timing")
    monkeypatch.setattr(tracker, "draw", lambda path, outcomes: None)
    text = tracker.benchmark_tracker(1, 0, 5, 2, tmp_path)
    assert "seed 5" in text
    assert (tmp_path / tracker.TABLE).read_text() == text + "\n"


def test_a_job_is_named_by_all_that_makes_it():
    job = Job(CLEAN, "spoon", 0, 1)
    assert (
        len({job.key, replace(job, seed=2).key, replace(job, tool="brush").key, replace(job, kind=SMALL).key})
        == 4
    )

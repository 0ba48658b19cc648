"""Cases are done once, kept at once, and gone on with."""

import json

import pytest

from dreamitate_ros.benchmark.cases_done import cases_done
from dreamitate_ros.benchmark.trial import CLEAN, Job

JOBS = [Job(CLEAN, "spoon", 0, seed) for seed in range(4)]


def fresh(job: Job) -> dict:
    return {"key": job.key, "made": "now"}


def test_what_is_done_is_not_done_again(tmp_path):
    path = tmp_path / "outcomes.jsonl"
    lines = [json.dumps({"key": job.key, "made": "before"}) for job in JOBS[:3]]
    path.write_text("\n".join(lines)[:-10])  # killed while the third was written
    assert [one["made"] for one in cases_done(path, JOBS, fresh, 2)] == ["before", "before", "now", "now"]
    assert [one["made"] for one in cases_done(path, JOBS, fresh, 2)] == ["before", "before", "now", "now"]


def test_what_was_done_before_a_breakdown_is_kept(tmp_path):
    def breaks(job: Job) -> dict:
        if job == JOBS[2]:
            raise ValueError("no such pose")
        return fresh(job)

    path = tmp_path / "outcomes.jsonl"
    with pytest.raises(RuntimeError, match="no such pose"):
        cases_done(path, JOBS, breaks, 1)
    assert len(path.read_text().splitlines()) == 2

"""Real-time factors of the tasks' physics."""

import re

from dreamitate_ros.benchmark.physics import benchmark_physics


def test_each_task_has_its_line_and_a_factor():
    head, *lines = benchmark_physics(["rotate", "sweep"], 2, 0.05, 7)
    assert "2 scenes" in head and "seed 7" in head
    assert [line.split(":")[0] for line in lines] == ["rotate", "sweep"]
    for line in lines:
        median, least = (float(word) for word in re.findall(r"([\d.]+) (?:x real|in its)", line))
        assert 0 < least <= median

"""Confidence fitted to poses of which is known whether they are right."""

from dataclasses import asdict

import numpy as np
import pytest

from dreamitate_ros.benchmark.calibration import PRECISION, fit, fit_report
from dreamitate_ros.benchmark.trial import BAD, SPOILED
from dreamitate_ros.track.confidence import Measured


def test_the_fit_finds_what_the_odds_are_made_of_but_for_what_would_be_good():
    random = np.random.default_rng(0)
    x = random.normal(0, [1.0, 10.0, 10.0], (20_000, 3))
    odds = 1.0 + x @ [-2.0, -0.1, 0.05]
    found = fit(x, random.random(20_000) < 1 / (1 + np.exp(-odds)))
    assert found.offset == pytest.approx(1.0, abs=0.15)
    np.testing.assert_allclose(found.weights, [-2.0, -0.1, 0.0], rtol=0.1)


def records(family: str, kind: str, videos: int, seed: int) -> list[dict]:
    """Videos in which a pose is right if its agreement is above 0.7, but for noise."""
    random, result = np.random.default_rng(seed), []
    for _ in range(videos):
        poses = []
        for agreement in random.uniform(0.4, 1.0, 12):
            right = kind != BAD and agreement + random.normal(0, 0.05) > 0.7
            poses.append([asdict(Measured(float(agreement), 2.0, 1.0, 2.0)), bool(right)])
        result.append({"key": f"{seed}", "kind": kind, "family": family, "poses": poses})
    return result


def test_what_is_believed_is_right_as_often_as_promised_and_most_of_it_is_believed():
    good = [*records("textured", SPOILED, 60, 1), *records("plain", SPOILED, 60, 2)]
    report = fit_report([*good, *records("textured", BAD, 5, 9), *records("plain", BAD, 5, 8)])
    counts = [
        [int(word) for word in line.replace(",", "").replace(";", "").split() if word.isdigit()]
        for line in report.splitlines()
        if "with artefacts" in line
    ]
    _poses, right, believed, believed_right = (sum(column) for column in list(zip(*counts, strict=True))[:4])
    assert believed_right >= PRECISION * believed
    assert believed_right > 0.6 * right
    assert '"textured": Scale(' in report

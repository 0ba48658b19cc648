"""Limits hold at every instant of any motion, also between the points that are sent to the controller."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.approach import Segment
from dreamitate_ros.execute.path_clock import NoTiming
from dreamitate_ros.execute.timing import joint_limits, time_motion
from dreamitate_ros.simulate.joint_spline import JointSpline


def random_parts(seed: int) -> list[Segment]:
    """A move to a random place, a wandering tracked path from there, and the way back."""
    random = np.random.default_rng(seed)
    home, there = random.uniform(-2, 2, 6), random.uniform(-2, 2, 6)
    waves = random.normal(0, random.uniform(0.02, 0.5), (3, 6))
    time = np.linspace(0, 1, 60)[:, None]
    path = there + sum(wave * (np.cos(np.pi * (k + 1) * time) - 1.0) for k, wave in enumerate(waves))
    return [
        Segment("the way there", {"left": np.linspace(home, there, 30)}),
        Segment("the tracked path", {"left": path}, True),
        Segment("the way back", {"left": np.linspace(path[-1], home, 30)}),
    ]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), speed_scale=st.sampled_from([0.1, 0.25, 0.5, 1.0]))
def test_no_random_path_exceeds_a_limit(seed, speed_scale):
    motion = time_motion(random_parts(seed), np.linspace(0, 2, 60), speed_scale, lambda: False)
    limits = joint_limits(speed_scale)
    derivatives = motion.velocities["left"], motion.accelerations["left"], motion.jerks["left"]
    for values, limit in zip(derivatives, limits, strict=True):
        assert (np.abs(values) <= limit).all()


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_derivatives_are_those_of_the_positions_and_the_controllers_motion_keeps_the_limits(seed):
    motion = time_motion(random_parts(seed), np.linspace(0, 2, 60), 0.5, lambda: False)
    times_s, limits = motion.times_s, joint_limits(0.5)
    sent = JointSpline(
        times_s, motion.positions["left"], motion.velocities["left"], motion.accelerations["left"]
    )
    fine_s = np.arange(0, times_s[-1], 0.004)
    positions = np.array([sent.at(at_s)[0] for at_s in fine_s])
    velocities = np.array([sent.at(at_s)[1] for at_s in fine_s])
    np.testing.assert_allclose(np.gradient(positions, fine_s, axis=0)[1:-1], velocities[1:-1], atol=0.02)
    assert (np.abs(velocities) <= limits[0] * 1.01).all()
    assert (np.abs(np.gradient(velocities, fine_s, axis=0)) <= limits[1] * 1.05).all()


def test_acceleration_never_jumps():
    motion = time_motion(random_parts(3), np.linspace(0, 2, 60), 1.0, lambda: False)
    step_s = motion.times_s[1]
    jumps = np.abs(np.diff(motion.accelerations["left"], axis=0))
    assert jumps.max() <= joint_limits(1.0)[2].max() * step_s * 1.01
    assert jumps.max() > 0.5, "the arms do accelerate"


def test_an_arm_that_stands_still_still_waits_for_the_imagined_clock():
    parts = [Segment("the tracked path", {"left": np.zeros((60, 6))}, True)]
    assert time_motion(parts, np.linspace(0, 2, 60), 1.0, lambda: False).times_s[-1] > 2.0


def test_a_path_that_cannot_be_timed_names_joint_time_and_amount(monkeypatch):
    def refuse(*_):
        raise NoTiming

    monkeypatch.setattr("dreamitate_ros.execute.timing.TimedSegment", refuse)
    path = np.zeros((61, 6))
    path[30, 2] = 0.1
    with pytest.raises(
        DreamitateError, match=r"elbow_joint bends most, by 11\.5 deg .* at 1\.00 s"
    ) as caught:
        time_motion([Segment("the tracked path", {"left": path}, True)], np.linspace(0, 2, 61), 1.0, bool)
    assert caught.value.code == ErrorCode.SPEED_LIMIT

import numpy as np
import pytest

from dreamitate_ros.simulate.controller import JointGoal, Outcome, Rejected, TrajectoryController
from dreamitate_ros.simulate.joint_spline import JointSpline

NAMES = ("a", "b")
STEP_S = 0.01


@pytest.fixture
def controller():
    return TrajectoryController(NAMES, np.zeros(2))


def goal(**changes):
    fields = {
        "joint_names": NAMES,
        "times_s": np.array([0.0, 1.0]),
        "positions": np.array([[0.0, 0.0], [0.4, -0.2]]),
        "velocities": np.zeros((2, 2)),
    }
    return JointGoal(**{**fields, **changes})


def follow(controller, seconds, now_s=0.0, speed=1.0, off=0.0):
    """Joints that follow exactly, but for `off`; returns the last commanded position."""
    position = np.zeros(2)
    for index in range(round(seconds / STEP_S)):
        position, _ = controller.update(now_s + index * STEP_S, STEP_S, speed, position + off)
    return position


def test_cubic_and_quintic_splines_meet_their_points():
    random = np.random.default_rng(1)
    times_s = np.array([0.0, 0.7, 1.5])
    positions, velocities, accelerations = random.normal(size=(3, 3, 2))
    for spline in (
        JointSpline(times_s, positions, velocities),
        JointSpline(times_s, positions, velocities, accelerations),
    ):
        for index in (0, 1):
            position, velocity = spline.at(times_s[index])
            np.testing.assert_allclose(position, positions[index])
            np.testing.assert_allclose(velocity, velocities[index])
        position, velocity = spline.at(9.0)
        np.testing.assert_allclose(position, positions[-1])
        assert not velocity.any()


def test_positions_alone_are_joined_by_straight_lines():
    position, velocity = JointSpline(np.array([0.0, 2.0]), np.array([[0.0], [1.0]])).at(0.5)
    assert position[0] == pytest.approx(0.25)
    assert velocity[0] == pytest.approx(0.5)


def test_a_goal_is_followed_and_succeeds(controller):
    motion = controller.accept(goal(), 0.0, np.zeros(2))
    np.testing.assert_allclose(follow(controller, 1.2), [0.4, -0.2])
    assert motion.outcome is Outcome.SUCCESSFUL
    assert motion.ended


def test_joints_may_come_in_any_order(controller):
    controller.accept(goal(joint_names=("b", "a")), 0.0, np.zeros(2))
    np.testing.assert_allclose(follow(controller, 1.2), [-0.2, 0.4])


def test_a_goal_waits_for_its_start_time(controller):
    controller.accept(goal(start_s=5.0), 4.0, np.zeros(2))
    np.testing.assert_allclose(follow(controller, 0.9, now_s=4.0), [0, 0])
    np.testing.assert_allclose(follow(controller, 1.2, now_s=5.0), [0.4, -0.2])


def test_half_speed_takes_twice_as_long(controller):
    motion = controller.accept(goal(), 0.0, np.zeros(2))
    np.testing.assert_allclose(follow(controller, 1.0, speed=0.5), [0.2, -0.1])
    assert not motion.ended


def test_speed_zero_stands_still_and_goes_on_later(controller):
    motion = controller.accept(goal(), 0.0, np.zeros(2))
    np.testing.assert_allclose(follow(controller, 3.0, speed=0.0), [0, 0])
    follow(controller, 1.2)
    assert motion.outcome is Outcome.SUCCESSFUL


def test_a_newer_goal_takes_over(controller):
    first = controller.accept(goal(), 0.0, np.zeros(2))
    here = follow(controller, 0.5)
    second = controller.accept(goal(times_s=np.array([0.5, 1.0])), 0.5, here)
    assert first.ended
    assert first.outcome is None
    assert controller.motion is second


def test_stopping_holds_the_position_at_once(controller):
    motion = controller.accept(goal(), 0.0, np.zeros(2))
    here = follow(controller, 0.5)
    controller.stop("cancelled")
    np.testing.assert_array_equal(follow(controller, 0.5), here)
    assert motion.ended
    assert motion.message == "cancelled"


def test_leaving_the_path_ends_the_motion(controller):
    motion = controller.accept(goal(path_tolerance={"b": 0.05}), 0.0, np.zeros(2))
    follow(controller, 0.3, off=np.array([0.0, 0.06]))
    assert motion.outcome is Outcome.PATH_TOLERANCE_VIOLATED
    assert "b is 0.06" in motion.message


def test_not_arriving_in_time_ends_the_motion(controller):
    motion = controller.accept(
        goal(path_tolerance={"a": -1.0}, goal_tolerance={"a": 0.01}, goal_time_s=0.3), 0.0, np.zeros(2)
    )
    follow(controller, 1.25, off=np.array([0.05, 0.0]))
    assert not motion.ended
    follow(controller, 0.2, now_s=1.25, off=np.array([0.05, 0.0]))
    assert motion.outcome is Outcome.GOAL_TOLERANCE_VIOLATED


@pytest.mark.parametrize(
    ("changes", "outcome", "words"),
    [
        ({"joint_names": ("a", "c")}, Outcome.INVALID_JOINTS, "this controller moves a, b"),
        ({"times_s": np.array([1.0, 1.0])}, Outcome.INVALID_GOAL, "increase"),
        (
            {"times_s": np.empty(0), "positions": np.empty((0, 2)), "velocities": None},
            Outcome.INVALID_GOAL,
            "no points",
        ),
        ({"positions": np.array([[0.0, 0.0], [np.nan, 0.0]])}, Outcome.INVALID_GOAL, "finite"),
        ({"velocities": np.zeros((2, 1))}, Outcome.INVALID_GOAL, "velocities"),
        (
            {"positions": np.array([[0.5, 0.0], [0.4, 0.0]])},
            Outcome.INVALID_GOAL,
            "0.500 rad from where a is",
        ),
        ({"start_s": 2.0}, Outcome.OLD_HEADER_TIMESTAMP, "ended 7.00 s ago"),
    ],
)
def test_bad_goals_are_refused_with_a_reason(controller, changes, outcome, words):
    with pytest.raises(Rejected, match=words) as caught:
        controller.accept(goal(**changes), 10.0, np.zeros(2))
    assert caught.value.outcome is outcome
    assert controller.motion is None

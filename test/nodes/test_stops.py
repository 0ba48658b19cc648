"""Whatever goes wrong with one arm while both move, both are cancelled, come to rest, and nothing resumes later."""

import numpy as np
import pytest

from dreamitate_ros.nodes.executor_trials import EXECUTOR_FAULTS, PARENT_GONE, executor_trial
from dreamitate_ros.nodes.stop_trials import CANCEL, StopTrials, stop_table

EXPECTED = {
    CANCEL: "CANCELLED",
    "following_error": "PATH_DEVIATION",
    "protective_stop": "PROTECTIVE_STOP",
    "program_stopped": "ROBOT_NOT_READY",
    "speed_scaling_zero": "ROBOT_NOT_READY",
    "stale_joint_states": "DRIVER_LOST",
    "action_server_gone": "DRIVER_LOST",  # the last, for it lasts
}
SPRINGS_BACK_RAD = {"following_error": 0.01}  # when the push on the elbow is over; nothing else moves again
FARTHEST_RAD = 0.4  # a motion that nobody stops goes on for 0.5


@pytest.mark.timeout(280)
def test_a_fault_at_a_random_time_stops_both_arms_for_good():
    random = np.random.default_rng()
    with StopTrials(stale_s=0.5) as trials:
        done = [trials.trial(fault, float(random.uniform(0.3, 2.5))) for fault in EXPECTED]
    print(stop_table(done))
    for trial in done:
        assert trial.error.startswith(EXPECTED[trial.fault]), trial
        assert np.isfinite(trial.cancelled_s), trial
        assert np.isfinite(trial.still_s) or "NOT known to stand still" in trial.error, trial
        assert trial.moved_rad < FARTHEST_RAD, trial
        assert trial.resumed_rad < SPRINGS_BACK_RAD.get(trial.fault, 0.002), trial


@pytest.mark.timeout(280)
@pytest.mark.parametrize("fault", EXECUTOR_FAULTS)
def test_arms_stop_for_good_when_the_executor_or_its_parent_dies(fault):
    trial = executor_trial(fault, float(np.random.default_rng().uniform(0.0, 1.0)), stale_s=0.5)
    print(stop_table([trial]))
    assert np.isfinite(trial.cancelled_s) and np.isfinite(trial.still_s), trial
    assert trial.moved_rad < FARTHEST_RAD, trial
    assert trial.resumed_rad < 0.002, trial
    assert trial.error.endswith("0" if fault == PARENT_GONE else "-9"), trial

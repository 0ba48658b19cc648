"""What every test shares."""

import itertools
import os

import pytest

# Ids up to 101 keep clear of the ephemeral ports; two test runs on one machine begin at different ones.
_domain_ids = (1 + number % 101 for number in itertools.count(os.getpid()))


@pytest.fixture(scope="module", autouse=True)
def ros_domain():
    """A ROS domain of each module's own, which the processes it starts inherit.

    Graphs of real nodes must not meet those of another test run or of a robot in the same network; nor what an
    earlier module left: rclpy keeps the subscriptions of an action client when its node is destroyed.
    """
    os.environ["ROS_DOMAIN_ID"] = str(next(_domain_ids))
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"


@pytest.fixture
def one_thread():
    """torch computes as if on one core: with more, a small network's threads wait for each other on a busy machine."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)

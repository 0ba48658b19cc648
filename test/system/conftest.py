"""A ROS domain of this test session's own, so that nothing else on the machine is heard."""

import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def ros_domain():
    os.environ["ROS_DOMAIN_ID"] = str(120 + os.getpid() % 100)
    os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"

"""What every test shares."""

import os

# Graphs of real nodes must not meet those of another test run, or of a robot in the same network. Processes
# that tests start inherit it; ids up to 101 keep clear of the ephemeral ports.
os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 100)
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"

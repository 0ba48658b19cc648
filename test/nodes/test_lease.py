"""config/fastdds.xml, over real DDS: who is killed is missed soon."""

import os
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest
import rclpy

from dreamitate_ros.nodes.bringup import environment

PATIENCE_S = 60.0
LISTEN = """
import sys, time
import rclpy
from std_msgs.msg import Empty
rclpy.init()
node = rclpy.create_node(sys.argv[1])
node.create_subscription(Empty, sys.argv[1], print, 1)
time.sleep(100)
"""


def until(condition, what):
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, f"waited for {what}"
        time.sleep(0.02)


@pytest.mark.timeout(200)
def test_a_killed_process_is_missed_long_before_the_default_lease():
    ours = os.environ | environment(simulation=True)
    stock = {key: value for key, value in ours.items() if "PROFILES_FILE" not in key}
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node("watcher", context=context)
    with ExitStack() as ending:
        ending.callback(context.try_shutdown)
        ending.callback(node.destroy_node)
        processes = {}
        for name, variables in (("stock", stock), ("ours", ours)):
            processes[name] = subprocess.Popen([sys.executable, "-c", LISTEN, name], env=variables)
            ending.callback(processes[name].wait)
            ending.callback(processes[name].kill)
        for name in processes:
            until(lambda name=name: node.count_subscribers(name) == 1, f"the listener {name}")
        processes["stock"].kill()  # first, and is still missed later
        processes["ours"].kill()
        until(lambda: node.count_subscribers("ours") == 0, "the loss of the killed process")
        assert node.count_subscribers("stock") == 1

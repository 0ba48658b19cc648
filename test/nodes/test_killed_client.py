"""Who moved an arm is killed without a word: the cell's controller misses it and stops the arm."""

import os
import signal
import subprocess
import sys
import time

import pytest

from dreamitate_ros.nodes.bringup import environment

PATIENCE_S = 60.0
MOTION_S = 14.0  # ends by itself long before the default lease of 20 s would
MOVE = f"""
import threading, time
import numpy as np
import rclpy
from sensor_msgs.msg import JointState
from dreamitate_ros.execute.ur5e import joint_names
from dreamitate_ros.nodes.arm_client import ArmClient
from dreamitate_ros.values import ArmTrajectory, ToolPath

rclpy.init()
node = rclpy.create_node("mover")
names = ("scaled_joint_trajectory_controller", "io_and_status_controller", "speed_scaling_state_broadcaster")
arm = ArmClient(node, "left", *(f"left/{{name}}" for name in names))
node.create_subscription(JointState, "joint_states", arm.take_joints, 10)
threading.Thread(target=rclpy.spin, args=(node,), daemon=True).start()
deadline_s = time.monotonic() + 50
while time.monotonic() < deadline_s:
    try:
        arm.ready()
        break
    except Exception as error:
        print(error, flush=True)
here, times_s = arm.state().positions, np.array([0.0, {MOTION_S}])
there, still = here + [0.4, 0, 0, 0, 0, 0], np.zeros((2, 6))
path = ToolPath("left", times_s, np.tile(np.eye(4), (2, 1, 1)))
points = np.stack([here, there])
arm.send(ArmTrajectory("left", joint_names("left"), times_s, points, still, still, (0.0, 1.0), path), 2.0)
print("moving", flush=True)
time.sleep(100)
"""


@pytest.mark.timeout(200)
def test_the_cell_stops_an_arm_whose_client_was_killed(tmp_path):
    variables = os.environ | environment(simulation=True)
    log = tmp_path / "cell.log"
    with log.open("wb") as output:
        cell = subprocess.Popen(
            [sys.executable, "-m", "dreamitate_ros.nodes.start", "simulated_cell"],
            stdout=output, stderr=subprocess.STDOUT, env=variables,
        )  # fmt: skip
    mover = subprocess.Popen([sys.executable, "-c", MOVE], stdout=subprocess.PIPE, env=variables, text=True)
    try:
        assert any(line == "moving\n" for line in mover.stdout)
        mover.kill()
        deadline_s = time.monotonic() + PATIENCE_S
        while "left: nobody waits for this goal any more: its client is gone" not in log.read_text():
            assert time.monotonic() < deadline_s, log.read_text()
            time.sleep(0.1)
        cell.send_signal(signal.SIGINT)
        assert cell.wait(PATIENCE_S) == 0
    finally:
        for process in (mover, cell):
            process.kill()
            process.wait()

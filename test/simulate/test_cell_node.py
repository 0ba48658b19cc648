"""The simulated cell as a process of its own, spoken to over real DDS."""

import contextlib
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy")

from control_msgs.action import FollowJointTrajectory  # noqa: E402
from rclpy.action import ActionClient  # noqa: E402
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor  # noqa: E402
from sensor_msgs.msg import CameraInfo, Image, JointState  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402
from trajectory_msgs.msg import JointTrajectoryPoint  # noqa: E402

from dreamitate_msgs.msg import SceneTruth  # noqa: E402
from dreamitate_msgs.srv import GetScene, ResetScene  # noqa: E402
from dreamitate_ros.execute.ur5e import HOME_RAD, joint_names  # noqa: E402
from dreamitate_ros.nodes.messages import duration_message  # noqa: E402

TIMEOUT_S = 60
ACTION = "{}/scaled_joint_trajectory_controller/follow_joint_trajectory"
TURN_RAD = np.array([0.3, 0.0, 0.0, 0.0, 0.0, 0.2])


class Client:
    """What a policy node is to the cell."""

    def __init__(self):
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = rclpy.create_node("client", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.thread = threading.Thread(target=self.spin, daemon=True)
        self.latest = {}
        self.listen(JointState, "joint_states")
        self.listen(SceneTruth, "simulated_cell/truth")
        self.thread.start()

    def spin(self):
        with contextlib.suppress(ExternalShutdownException):
            self.executor.spin()

    def listen(self, kind, topic):
        self.node.create_subscription(kind, topic, lambda message: self.latest.update({topic: message}), 5)

    def wait(self, condition):
        deadline_s = time.monotonic() + TIMEOUT_S
        while not condition():
            assert time.monotonic() < deadline_s, "no answer"
            time.sleep(0.02)

    def result(self, future):
        self.wait(future.done)
        return future.result()

    def call(self, kind, name, **request):
        client = self.node.create_client(kind, f"simulated_cell/{name}")
        self.wait(client.service_is_ready)
        return self.result(client.call_async(kind.Request(**request)))

    def send(self, arm, seconds, names=None):
        action = ActionClient(self.node, FollowJointTrajectory, ACTION.format(arm))
        self.wait(action.server_is_ready)
        goal = FollowJointTrajectory.Goal()
        goal.trajectory.joint_names = list(names or joint_names(arm))
        for time_s, share in ((0.0, 0.0), (seconds, 1.0)):
            goal.trajectory.points.append(
                JointTrajectoryPoint(
                    positions=(HOME_RAD[arm] + share * TURN_RAD).tolist(),
                    velocities=[0.0] * 6,
                    time_from_start=duration_message(time_s),
                )
            )
        return self.result(action.send_goal_async(goal))

    def positions(self, arm):
        message = self.latest["joint_states"]
        return np.array([message.position[message.name.index(name)] for name in joint_names(arm)])


@pytest.fixture(scope="module")
def cell():
    process = subprocess.Popen([sys.executable, "-m", "dreamitate_ros.nodes.simulated_cell"])
    yield process
    if process.poll() is None:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def client(cell):
    client = Client()
    client.wait(lambda: len(client.latest) == 2 or cell.poll() is not None)
    assert cell.poll() is None
    yield client
    client.context.shutdown()
    client.thread.join()


@pytest.fixture(autouse=True)
def home(client):
    assert client.call(ResetScene, "reset_scene", seed=5).success


def test_a_reset_brings_the_scene_of_the_seed(client):
    first = client.call(GetScene, "get_scene")
    assert first.seed == 5
    client.call(ResetScene, "reset_scene", seed=6)
    other = client.call(GetScene, "get_scene")
    assert other.seed == 6
    assert other.positions != first.positions
    assert not client.call(ResetScene, "reset_scene", seed=500_000).success


def test_the_cameras_publish_as_realsense_does(client):
    client.listen(Image, "top/color/image_raw")
    client.listen(CameraInfo, "top/color/camera_info")
    client.wait(lambda: "top/color/image_raw" in client.latest and "top/color/camera_info" in client.latest)
    image, info = client.latest["top/color/image_raw"], client.latest["top/color/camera_info"]
    assert (image.width, image.height, image.encoding) == (1280, 720, "rgb8")
    assert len(image.data) == 1280 * 720 * 3
    assert (info.width, info.height) == (1280, 720)
    assert np.frombuffer(image.data, np.uint8).max() > 100  # the object is seen


def test_a_goal_is_followed_to_its_end(client):
    result = client.result(client.send("left", 1.0).get_result_async()).result
    assert (result.error_code, result.error_string) == (0, "the goal is reached")
    client.wait(lambda: np.allclose(client.positions("left"), HOME_RAD["left"] + TURN_RAD, atol=0.01))


def test_wrong_joints_are_refused_with_code_and_reason(client):
    result = client.result(client.send("left", 1.0, names=["a"] * 6).get_result_async()).result
    assert result.error_code == FollowJointTrajectory.Result.INVALID_JOINTS
    assert "left_elbow_joint" in result.error_string


def test_cancel_holds_the_arm_where_it_is(client):
    handle = client.send("right", 20.0)
    client.wait(lambda: np.abs(client.positions("right") - HOME_RAD["right"]).max() > 0.005)
    client.result(handle.cancel_goal_async())
    client.result(handle.get_result_async())
    client.wait(lambda: np.abs(client.latest["joint_states"].velocity).max() < 1e-3)
    assert np.abs(client.positions("right") - HOME_RAD["right"]).max() < 0.25


def test_a_protective_stop_pauses_the_goal(client):
    handle = client.send("left", 2.0)
    client.wait(lambda: np.abs(client.positions("left") - HOME_RAD["left"]).max() > 0.005)
    client.call(Trigger, "protective_stop")
    client.wait(lambda: np.abs(client.latest["joint_states"].velocity).max() < 1e-3)
    assert np.abs(client.positions("left") - HOME_RAD["left"] - TURN_RAD).max() > 0.01
    client.call(Trigger, "unlock_protective_stop")
    assert client.result(handle.get_result_async()).result.error_code == 0


def test_the_node_ends_cleanly(client, cell):
    cell.send_signal(signal.SIGINT)
    assert cell.wait(timeout=TIMEOUT_S) == 0

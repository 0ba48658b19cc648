"""What a controller manager says of its controllers, over real DDS where its messages are installed."""

import sys
import threading

import pytest
import rclpy
from rclpy.executors import MultiThreadedExecutor

from dreamitate_ros.nodes.controller_states import ControllerStates


@pytest.fixture
def node():
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node("bench", context=context)
    executor = MultiThreadedExecutor(num_threads=3, context=context)
    executor.add_node(node)
    spinning = threading.Thread(target=executor.spin, daemon=True)
    spinning.start()
    yield node
    executor.shutdown(timeout_sec=2.0)
    spinning.join(2.0)
    node.destroy_node()
    context.try_shutdown()


def test_without_its_messages_nothing_is_known(node, monkeypatch):
    monkeypatch.setitem(sys.modules, "controller_manager_msgs", None)
    assert ControllerStates(node, "/left/controller_manager").of("joint_state_broadcaster") is None


def test_states_are_those_of_the_manager(node):
    messages = pytest.importorskip("controller_manager_msgs.msg")
    services = pytest.importorskip("controller_manager_msgs.srv")

    def answer(_, response):
        response.controller = [messages.ControllerState(name="scaled", state="inactive")]
        return response

    states = ControllerStates(node, "/left/controller_manager")
    assert states.of("scaled") is None, "nobody serves it yet"
    node.create_service(services.ListControllers, "/left/controller_manager/list_controllers", answer)
    assert states._client.wait_for_service(20.0)
    assert states.of("scaled") == "inactive"
    assert states.of("other") == "not loaded"

"""What the nodes' tests share."""

import threading

import pytest
import rclpy
from rclpy.executors import MultiThreadedExecutor


@pytest.fixture
def spun():
    """spun(NAME): a node, in a context of its own, whose callbacks run until the test ends."""
    context = rclpy.Context()
    rclpy.init(context=context)
    executor = MultiThreadedExecutor(num_threads=4, context=context)
    nodes = []

    def make(name):
        nodes.append(rclpy.create_node(name, context=context))
        executor.add_node(nodes[-1])
        return nodes[-1]

    spinning = threading.Thread(target=executor.spin, daemon=True)
    spinning.start()
    yield make
    executor.shutdown()
    spinning.join(5.0)
    for node in nodes:
        node.destroy_node()
    context.try_shutdown()

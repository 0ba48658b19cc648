"""Messages wait until they are taken; the node's executor has nothing to do with them."""

import time

import pytest
from std_msgs.msg import Int64

from dreamitate_ros.nodes.polled import KEPT, Polled, listening

PATIENCE_S = 20.0


@pytest.fixture
def node(spun):
    return spun("polling")


def until(condition) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)


def test_the_newest_wait_in_order_until_they_are_taken(node) -> None:
    heard: list[int] = []
    polled = Polled(node, Int64, "numbers", lambda message: heard.append(message.data))
    publisher = node.create_publisher(Int64, "numbers", 100)
    until(lambda: publisher.get_subscription_count() == 1)
    for number in range(3 * KEPT):
        publisher.publish(Int64(data=number))
    time.sleep(0.5)
    assert heard == []  # the executor, which spins, does not take them
    polled.take_new()
    assert heard == list(range(2 * KEPT, 3 * KEPT))
    polled.take_new()
    assert len(heard) == KEPT
    polled.destroy()


def test_a_topic_is_heard_while_the_block_lasts(node) -> None:
    heard: list[int] = []
    publisher = node.create_publisher(Int64, "numbers", 100)
    with listening(node, Int64, "numbers", lambda message: heard.append(message.data)):
        until(lambda: publisher.get_subscription_count() == 1)
        publisher.publish(Int64(data=7))
        until(lambda: heard == [7])
    until(lambda: publisher.get_subscription_count() == 0)

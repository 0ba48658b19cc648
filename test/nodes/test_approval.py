"""Approval, over real DDS: yes, no, silence, cancel."""

import threading
import time

import pytest
from std_srvs.srv import Trigger

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.nodes.approval import Approval

PATIENCE_S = 20.0


@pytest.fixture
def node(spun):
    return spun("policy")


def call(node, service):
    """Ask until somebody waits for the answer."""
    client = node.create_client(Trigger, f"policy/{service}")
    assert client.wait_for_service(PATIENCE_S)
    deadline_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline_s:
        future = client.call_async(Trigger.Request())
        while not future.done() and time.monotonic() < deadline_s:
            time.sleep(0.01)
        if future.result().success:
            return
        time.sleep(0.02)
    raise AssertionError("nobody waited for the answer")


def answered(node, service, approval):
    asking = threading.Thread(target=call, args=(node, service))
    asking.start()
    try:
        approval.wait(lambda: False)
    finally:
        asking.join(PATIENCE_S)


def test_approved(node):
    answered(node, "approve", Approval(node, PATIENCE_S))


def test_rejected(node):
    with pytest.raises(DreamitateError, match="rejected") as raised:
        answered(node, "reject", Approval(node, PATIENCE_S))
    assert raised.value.code == ErrorCode.NOT_APPROVED


def test_silence_is_a_no(node):
    with pytest.raises(DreamitateError, match="nobody approved") as raised:
        Approval(node, 0.2).wait(lambda: False)
    assert raised.value.code == ErrorCode.NOT_APPROVED


def test_cancelled_while_waiting(node):
    with pytest.raises(Cancelled):
        Approval(node, PATIENCE_S).wait(lambda: True)


def test_nothing_is_approved_in_advance(node):
    approval = Approval(node, 0.3)
    client = node.create_client(Trigger, "policy/approve")
    assert client.wait_for_service(PATIENCE_S)
    future = client.call_async(Trigger.Request())
    deadline_s = time.monotonic() + PATIENCE_S
    while not future.done() and time.monotonic() < deadline_s:
        time.sleep(0.01)
    assert not future.result().success
    with pytest.raises(DreamitateError, match="nobody approved"):
        approval.wait(lambda: False)

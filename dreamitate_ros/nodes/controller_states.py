"""Which controllers a controller manager runs: its messages come with a sourced ROS, and are no Python wheel."""

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node

from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.nodes.services import call

ANSWER_S = 2.0


class ControllerStates:
    """Asks the controller manager of that name; knows nothing where its messages are not installed."""

    def __init__(self, node: Node, manager: str) -> None:
        self._client = None
        try:
            from controller_manager_msgs.srv import ListControllers
        except ImportError:
            return
        self._request = ListControllers.Request
        self._client = node.create_client(
            ListControllers, f"{manager}/list_controllers", callback_group=ReentrantCallbackGroup()
        )

    def of(self, controller: str) -> str | None:
        """active, inactive, ..., "not loaded"; None where nobody can be asked."""
        if self._client is None or not self._client.service_is_ready():
            return None
        try:
            answer = call(self._client, self._request(), ANSWER_S, lambda: False, "the controller manager")
        except DreamitateError:
            return None
        states = {each.name: each.state for each in answer.controller}
        return states.get(controller, "not loaded")

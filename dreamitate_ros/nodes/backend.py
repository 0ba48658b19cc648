"""Who finds the joints and moves them, by the executor's parameter `backend`: we ourselves, or MoveIt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rclpy.node import Node

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.execute.arm import Arm
from dreamitate_ros.nodes import parameters
from dreamitate_ros.nodes.arm_client import ArmClient
from dreamitate_ros.nodes.bringup import BACKENDS
from dreamitate_ros.nodes.move_group import MoveGroup, MoveItNames, moveit_interfaces, moveit_py_ways
from dreamitate_ros.nodes.move_group_arms import MoveGroupArms
from dreamitate_ros.values import Stop


@dataclass(frozen=True)
class Backend:
    """solver: None: ours. together: how MoveIt moves the arms; None: each by its own controller."""

    solver: MoveGroup | None = None
    together: MoveGroupArms | None = None

    def arms(self, clients: Mapping[str, ArmClient], names: Sequence[str]) -> dict[str, Arm]:
        """The arms to move, by name."""
        if self.together is None:
            return {name: clients[name] for name in names}
        return dict(self.together.arms(names))

    def heed(self, stop: Stop) -> None:
        """From now on, whether to give up is asked of `stop`."""
        if self.solver is not None:
            self.solver.stop = stop


def declared_backend(node: Node, clients: Mapping[str, ArmClient]) -> Backend:
    """Declares backend, moveit.* and ARM.group; raises INVALID_PARAMETER, or STAGE_UNAVAILABLE without MoveIt."""
    chosen = parameters.text(node, "backend", "builtin", f"who plans and moves: {' or '.join(BACKENDS)}")
    robot = parameters.text(node, "moveit.robot", "", "the robot's name in the MoveIt configuration")
    package = parameters.text(node, "moveit.package", "", "the package of the MoveIt configuration")
    names = {
        arm: MoveItNames(
            parameters.text(node, f"{arm}.group", f"{arm}_manipulator", f"MoveIt's group of the {arm} arm"),
            f"{arm}_base_link",
            f"{arm}_tool0",
        )
        for arm in clients
    }
    if chosen not in BACKENDS:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, f"backend must be {' or '.join(BACKENDS)}, found '{chosen}'"
        )
    if chosen == "builtin":
        return Backend()
    if not (robot and package):
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            "the backend moveit needs the parameters moveit.robot and moveit.package: the MoveIt configuration of the"
            " arms, with moveit_cpp.yaml in it",
        )
    moveit_interfaces()  # before anything is started
    solver = MoveGroup(node, names, moveit_py_ways(robot, package, names))
    return Backend(solver, MoveGroupArms(node, clients))

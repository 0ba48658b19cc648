"""The simulated cell with faults on demand: `ros2 param set /simulated_cell fault protective_stop`; "" ends it.

What a driver, a robot or a person on the pendant can do to a motion, for tests of everything that watches it.
"""

import sys
import time

from rcl_interfaces.msg import ParameterDescriptor, SetParametersResult
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from dreamitate_ros.execute.ur5e import joint_names
from dreamitate_ros.nodes import messages, parameters
from dreamitate_ros.nodes.lifetime import run_node
from dreamitate_ros.nodes.simulated_cell import SimulatedCell

ARM = "left"  # whose fault it is
ELBOW, PUSH_NM = 2, 250.0  # more than the elbow's motor can hold
FAULTS = (
    "stale_joint_states",
    "following_error",
    "protective_stop",
    "program_stopped",
    "speed_scaling_zero",
    "action_server_gone",
)


class FaultyCell(SimulatedCell):
    """simulated_cell and its parameter `fault`. action_server_gone lasts until the cell is started again.

    ~/fault_since tells since when it is so, on time.monotonic(): who sets it learns only later that it is done.
    """

    _fault, _since_s = "", 0.0

    def __init__(self) -> None:
        super().__init__()
        about = f"one of {', '.join(FAULTS)}, or empty"
        self.declare_parameter("fault", "", ParameterDescriptor(description=about))
        misses_client = parameters.flag(
            self,
            "misses_client",
            True,
            "false: motions go on when who sent them is gone, as with a real driver",
        )
        for controller in self._controllers:
            controller.misses_client = misses_client
        self.add_on_set_parameters_callback(self._set)
        self.create_service(Trigger, "~/fault_since", self._tell_since)

    def _set(self, parameters: list[Parameter]) -> SetParametersResult:
        for parameter in parameters:
            if parameter.name != "fault":
                continue
            if parameter.value not in ("", *FAULTS):
                return SetParametersResult(
                    successful=False, reason=f"fault must be one of {', '.join(FAULTS)}"
                )
            self._inject(self._fault, False)
            self._since_s = time.monotonic()
            self._inject(parameter.value, True)
            self._fault = parameter.value
        return SetParametersResult(successful=True)

    def _tell_since(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success, response.message = True, repr(self._since_s)
        return response

    def _tick(self) -> None:
        if self._fault != "stale_joint_states":
            super()._tick()
            return
        self._clock_publisher.publish(Clock(clock=messages.time_message(self.runner.now_s)))

    def _inject(self, fault: str, on: bool) -> None:
        index = self.runner.cell.arms.index(ARM)
        state = self._states[index]
        if fault == "following_error":
            self._push(PUSH_NM if on else 0.0)
        elif fault == "protective_stop":
            self.runner.protective_stop = on
            state.publish_modes()
        elif fault == "program_stopped":
            self.runner.speed[ARM] = 0.0 if on else 1.0
            state._program.publish(Bool(data=not on))
        elif fault == "speed_scaling_zero":
            self.runner.speed[ARM] = 0.0 if on else 1.0
            state.publish_speed()
        elif fault == "action_server_gone" and on:
            self._controllers[index].close()
            self._controllers[index]._server.destroy()

    def _push(self, torque_nm: float) -> None:
        with self.runner.lock:
            cell = self.runner.cell
            cell.data.joint(joint_names(ARM)[ELBOW]).qfrc_applied[:] = torque_nm


def main() -> int:
    """Entry point of `ros2 run dreamitate_ros faulty_cell`."""
    sys.setswitchinterval(0.0005)
    return run_node(FaultyCell)


if __name__ == "__main__":
    sys.exit(main())

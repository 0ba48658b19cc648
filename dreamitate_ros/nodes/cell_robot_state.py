"""What ur_robot_driver tells about one arm besides its joints: modes, program, speed; and the stop button."""

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from std_msgs.msg import Bool, Float64
from ur_dashboard_msgs.msg import RobotMode, SafetyMode
from ur_msgs.srv import SetSpeedSliderFraction

from dreamitate_ros.simulate.runner import CellRunner

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class RobotState:
    """Publishes ARM/io_and_status_controller/{robot_mode,safety_mode,robot_program_running} latched and
    ARM/speed_scaling_state_broadcaster/speed_scaling (0 to 100); serves ARM/.../set_speed_slider."""

    def __init__(self, node: Node, runner: CellRunner, arm: str) -> None:
        self._runner, self._arm = runner, arm
        status = f"{arm}/io_and_status_controller"
        self._robot_mode = node.create_publisher(RobotMode, f"{status}/robot_mode", LATCHED)
        self._safety_mode = node.create_publisher(SafetyMode, f"{status}/safety_mode", LATCHED)
        self._program = node.create_publisher(Bool, f"{status}/robot_program_running", LATCHED)
        self._speed = node.create_publisher(
            Float64, f"{arm}/speed_scaling_state_broadcaster/speed_scaling", QoSProfile(depth=1)
        )
        node.create_service(SetSpeedSliderFraction, f"{status}/set_speed_slider", self._set_speed)
        self.publish_modes()

    def publish_modes(self) -> None:
        """Tell the modes, when they have changed."""
        stopped = self._runner.protective_stop
        self._robot_mode.publish(RobotMode(mode=RobotMode.RUNNING))
        self._safety_mode.publish(
            SafetyMode(mode=SafetyMode.PROTECTIVE_STOP if stopped else SafetyMode.NORMAL)
        )
        self._program.publish(Bool(data=not stopped))
        self.publish_speed()

    def publish_speed(self) -> None:
        """Tell how fast trajectories pass, in per cent."""
        speed = 0.0 if self._runner.protective_stop else self._runner.speed[self._arm]
        self._speed.publish(Float64(data=100.0 * speed))

    def _set_speed(
        self, request: SetSpeedSliderFraction.Request, response: SetSpeedSliderFraction.Response
    ) -> SetSpeedSliderFraction.Response:
        response.success = 0.0 < request.speed_slider_fraction <= 1.0
        if response.success:
            self._runner.speed[self._arm] = request.speed_slider_fraction
            self.publish_speed()
        return response

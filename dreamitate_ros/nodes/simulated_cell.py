"""The simulated cell at the hardware's interfaces: cameras, two arms, TF, clock; and, apart, the truth.

Stand-in for realsense2_camera and ur_robot_driver. ~/reset_scene, ~/get_scene, ~/protective_stop,
~/unlock_protective_stop and ~/truth are what hardware does not have; no policy node reads them.
"""

import sys

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from dreamitate_msgs.msg import SceneTruth
from dreamitate_msgs.srv import GetScene, ResetScene
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.execute.ur5e import joint_names
from dreamitate_ros.nodes import messages, parameters
from dreamitate_ros.nodes.cell_cameras import CellCameras
from dreamitate_ros.nodes.cell_controller import ArmController
from dreamitate_ros.nodes.cell_frames import CellFrames
from dreamitate_ros.nodes.cell_robot_state import RobotState
from dreamitate_ros.nodes.lifetime import run_node
from dreamitate_ros.simulate.cell import Cell
from dreamitate_ros.simulate.runner import CellRunner
from dreamitate_ros.simulate.seeds import split_of
from dreamitate_ros.simulate.tasks import simulated_task
from dreamitate_ros.task import load_task
from dreamitate_ros.tool import load_tools

TRUTH_EVERY_S, FRAMES_EVERY_S, SPEED_EVERY_S, DIAGNOSTICS_EVERY_S = 0.1, 0.1, 0.2, 2.0


class SimulatedCell(Node):
    """One scene, alive until the node ends."""

    def __init__(self) -> None:
        super().__init__("simulated_cell")
        config, rig = parameters.config(self), parameters.rig(self)
        task = load_task(parameters.text(self, "task", "rotate", "task whose scene is on the table"), config)
        tools = load_tools(task.arm_tools, config, parameters.tool_directories(self))
        seed = int(parameters.number(self, "seed", 0.0, "which things lie where", 0, 2**31))
        split_of(seed)
        rate = parameters.number(self, "rate", 1.0, "simulated seconds per second", 0.01, 20)
        cameras_hz = parameters.number(self, "camera_rate_hz", 4.0, "photos per second", 0.1, 30)
        overview_hz = parameters.number(
            self, "overview_rate_hz", 5.0, "overview pictures per second", 0.1, 30
        )
        self._clock_publisher = self.create_publisher(Clock, "/clock", QoSProfile(depth=1))
        self._joints = self.create_publisher(JointState, "joint_states", QoSProfile(depth=10))
        self._truth = self.create_publisher(SceneTruth, "~/truth", QoSProfile(depth=10))
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", QoSProfile(depth=10))
        self.runner = CellRunner(Cell(simulated_task(task.name), seed, rig, tools), rate, self._tick)
        self._cameras = CellCameras(self, self.runner, rig, cameras_hz, overview_hz)
        self._controllers = [ArmController(self, self.runner, arm) for arm in tools]
        self._states = [RobotState(self, self.runner, arm) for arm in tools]
        self._frames = CellFrames(self, self.runner, rig)
        self._offer_services()
        self._reports = 0
        self.create_timer(TRUTH_EVERY_S, self._publish_truth)
        self.create_timer(FRAMES_EVERY_S, self._frames.publish)
        self.create_timer(SPEED_EVERY_S, lambda: [state.publish_speed() for state in self._states])
        self.create_timer(DIAGNOSTICS_EVERY_S, self._diagnose)
        self.runner.start()
        self.get_logger().info(
            f"simulated cell is up: task {task.name}, seed {seed}, arms {', '.join(tools)}"
        )

    def close(self) -> None:
        """Arms hold, then time stops."""
        for controller in self._controllers:
            controller.close()
        self._cameras.close()
        self.runner.shut_down()

    def _offer_services(self) -> None:
        self.create_service(ResetScene, "~/reset_scene", self._reset)
        self.create_service(GetScene, "~/get_scene", self._get_scene)
        self.create_service(Trigger, "~/protective_stop", lambda _, response: self._protect(True, response))
        self.create_service(
            Trigger, "~/unlock_protective_stop", lambda _, response: self._protect(False, response)
        )

    def _tick(self) -> None:
        """Called 100 times per simulated second."""
        message = JointState()
        with self.runner.lock:
            stamp = messages.time_message(self.runner.now_s)
            for arm in self.runner.cell.arms:
                positions, velocities, efforts = self.runner.cell.joints(arm)
                message.name.extend(joint_names(arm))
                message.position.extend(positions.tolist())
                message.velocity.extend(velocities.tolist())
                message.effort.extend(efforts.tolist())
        message.header.stamp = stamp
        self._clock_publisher.publish(Clock(clock=stamp))
        self._joints.publish(message)

    def _reset(self, request: ResetScene.Request, response: ResetScene.Response) -> ResetScene.Response:
        try:
            split_of(request.seed)
        except DreamitateError as error:
            response.message = error.message
            return response
        self.runner.reset(request.seed)
        for state in self._states:
            state.publish_modes()
        response.success, response.message = True, f"scene {request.seed}"
        self.get_logger().info(response.message)
        return response

    def _get_scene(self, _: GetScene.Request, response: GetScene.Response) -> GetScene.Response:
        with self.runner.lock:
            scene = self.runner.cell.scene
        response.seed, response.positions = scene.seed, scene.positions.tolist()
        return response

    def _protect(self, stopped: bool, response: Trigger.Response) -> Trigger.Response:
        """As on a UR: goals go on at speed 0, and would move again after the unlock."""
        self.runner.protective_stop = stopped
        for state in self._states:
            state.publish_modes()
        response.success, response.message = True, "protective stop" if stopped else "normal"
        self.get_logger().warning(response.message)
        return response

    def _publish_truth(self) -> None:
        with self.runner.lock:
            cell, outcome = self.runner.cell, self.runner.cell.outcome
            seed, tools = cell.seed, [cell.world_from_tool(arm) for arm in cell.arms]
        message = SceneTruth(
            seed=seed,
            names=list(outcome.figures),
            values=list(outcome.figures.values()),
            success=outcome.success,
            score=outcome.score,
            summary=outcome.summary,
            arms=list(cell.arms),
            tools=[messages.pose_message(tool) for tool in tools],
        )
        message.header.frame_id = "world"
        message.header.stamp = messages.time_message(self.runner.now_s)
        self._truth.publish(message)

    def _diagnose(self) -> None:
        pace, rendered_hz = self.runner.pace, self._cameras.rate_hz()
        facts = {
            "real_time_factor": f"{pace.real_time_factor:.2f}",
            "physics_load": f"{pace.load:.2f}",
            "lost_s": f"{pace.lost_s:.2f}",
            "rendered_hz": f"{rendered_hz:.1f}",
            "render_ms": f"{self._cameras.render_ms:.0f}",
        }
        late = pace.real_time_factor < 0.95 * self.runner.rate
        status = DiagnosticStatus(
            name="simulated_cell",
            hardware_id="mujoco",
            level=DiagnosticStatus.WARN if late else DiagnosticStatus.OK,
            message="physics falls behind real time" if late else "physics keeps up with real time",
            values=[KeyValue(key=key, value=value) for key, value in facts.items()],
        )
        message = DiagnosticArray(status=[status])
        message.header.stamp = messages.time_message(self.runner.now_s)
        self._diagnostics.publish(message)
        if self._reports % 5 == 0 or late:
            self.get_logger().info(", ".join(f"{key} {value}" for key, value in facts.items()))
        self._reports += 1


def main() -> int:
    """Entry point of `ros2 run dreamitate_ros simulated_cell`."""
    sys.setswitchinterval(0.0005)  # physics must get its turn while pictures are copied
    return run_node(SimulatedCell)


if __name__ == "__main__":
    sys.exit(main())

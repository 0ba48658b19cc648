"""Action generate_video: a photo pair in, the imagined stereo video out, with a preview while it grows."""

import sys
from pathlib import Path

import numpy as np
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from sensor_msgs.msg import Image

from dreamitate_msgs.action import GenerateVideo
from dreamitate_msgs.srv import GetScene
from dreamitate_ros import values
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.clip import last_of_both_views
from dreamitate_ros.generate.generator import Generator
from dreamitate_ros.generate.replay import ReplayGenerator
from dreamitate_ros.nodes import messages, parameters
from dreamitate_ros.nodes.generator_health import GeneratorHealth
from dreamitate_ros.nodes.generator_model import load_model
from dreamitate_ros.nodes.goals import Feedback, GoalServer
from dreamitate_ros.nodes.images import image_message
from dreamitate_ros.nodes.lifetime import run_node
from dreamitate_ros.nodes.services import call
from dreamitate_ros.simulate.oracle import OracleGenerator
from dreamitate_ros.simulate.scene import Scene
from dreamitate_ros.task import Task, load_task
from dreamitate_ros.tool import load_tools
from dreamitate_ros.values import StereoVideo, Stop

GENERATORS = ("oracle", "diffusion", "replay")
CELL_TIMEOUT_S = 5.0


class VideoGenerator(Node):
    """Wires the action to the generator that the parameter names."""

    def __init__(self) -> None:
        super().__init__("video_generator")
        self._config, self._tools = parameters.config(self), parameters.tool_directories(self)
        self._rig = parameters.rig(self)
        self._name = parameters.text(self, "generator", "oracle", f"what imagines: {', '.join(GENERATORS)}")
        if self._name not in GENERATORS:
            raise DreamitateError(
                ErrorCode.UNKNOWN_GENERATOR,
                f"there is no generator '{self._name}'; known generators: {', '.join(GENERATORS)}",
            )
        self._preview = self.create_publisher(Image, "~/preview", 1)
        self._model = load_model(self, self._name, self._rig, self._show_clip)
        self._health = GeneratorHealth(self, self._name, self._model)
        group = ReentrantCallbackGroup()
        self._scene = self.create_client(GetScene, "simulated_cell/get_scene", callback_group=group)
        self._goals = GoalServer(self, GenerateVideo, "generate_video", self._generate)

    def close(self) -> None:
        """Stop the goal in work."""
        self._goals.close()

    def _generate(self, goal: GenerateVideo.Goal, feedback: Feedback, stop: Stop) -> GenerateVideo.Result:
        task = load_task(goal.task, self._config)
        generator = self._generator(goal, task, stop)

        def progress(fraction: float, what: str) -> None:
            feedback(stage=what, progress=float(fraction))

        with self._health.imagining() as watch:
            video = generator.generate(messages.stereo_image(goal.photos), task, goal.seed, progress, stop)
        self._show(video)
        return GenerateVideo.Result(
            video=messages.stereo_video_message(video, goal.photos), compute_s=watch.elapsed_s
        )

    def _generator(self, goal: GenerateVideo.Goal, task: Task, stop: Stop) -> Generator:
        if goal.replay_directory:
            return ReplayGenerator(Path(goal.replay_directory))
        if self._name == "replay":
            raise DreamitateError(
                ErrorCode.INVALID_PARAMETER, "the generator 'replay' needs the goal's replay_directory"
            )
        if self._model is not None:
            return self._model
        tools = load_tools(task.arm_tools, self._config, self._tools)
        return OracleGenerator(self._rig, tools, lambda: self._cell_scene(stop))

    def _cell_scene(self, stop: Stop) -> Scene:
        response = call(self._scene, GetScene.Request(), CELL_TIMEOUT_S, stop, "the simulated cell")
        return Scene(seed=response.seed, positions=np.array(response.positions))

    def _show_clip(self, clip: values.Image) -> None:
        """The last time of both views as they are so far, one pixel a latent: top | side."""
        self._preview.publish(image_message(last_of_both_views(clip), frame_id=messages.TOP_FRAME))

    def _show(self, video: StereoVideo) -> None:
        for frame in video.top:
            self._preview.publish(image_message(frame, frame_id=messages.TOP_FRAME))


def main() -> int:
    """Entry point of `ros2 run dreamitate_ros video_generator`."""
    return run_node(VideoGenerator)


if __name__ == "__main__":
    sys.exit(main())

"""The oracle: not a model. It plays the scripted expert in the true scene and renders that as the imagined video.

It knows what no camera sees, so whatever fails behind it is the fault of tracking or acting, not of imagining.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.rig import Rig
from dreamitate_ros.simulate.film import film
from dreamitate_ros.simulate.handheld import HandheldWorld
from dreamitate_ros.simulate.scene import Scene
from dreamitate_ros.simulate.tasks import simulated_task
from dreamitate_ros.task import Task
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Progress, StereoImage, StereoVideo, Stop

EXPERT_SHARE = 0.4  # of the work, for the progress shown


@dataclass(frozen=True)
class OracleGenerator:
    """tools: arm name -> Tool. scene: asks the simulated cell what lies on the table now."""

    rig: Rig
    tools: Mapping[str, Tool]
    scene: Callable[[], Scene]

    def generate(
        self, photos: StereoImage, task: Task, seed: int, progress: Progress, stop: Stop
    ) -> StereoVideo:
        """The expert doing `task` in the cell's scene; `seed` changes nothing.

        Raises Cancelled, GENERATION_FAILED, WRONG_CLIP_SIZE, or STAGE_UNAVAILABLE where nothing can be drawn.
        """
        self._require_fit(photos, task)
        progress(0.0, "the scripted expert looks at the scene (oracle)")
        simulated = simulated_task(task.name)
        world = HandheldWorld(simulated, self.scene(), self.rig, self.tools)
        done = simulated.demonstrate(
            world, task.frames, task.fps, lambda share, what: progress(EXPERT_SHARE * share, what), stop
        )
        views = film(
            world, done.states, 1,
            lambda share, what: progress(EXPERT_SHARE + (1 - EXPERT_SHARE) * share, f"oracle {what}"), stop,
        )  # fmt: skip
        return StereoVideo(
            np.concatenate([photos.top[None], views["top"]]),
            np.concatenate([photos.side[None], views["side"]]),
            task.fps,
        )

    def _require_fit(self, photos: StereoImage, task: Task) -> None:
        expected = (self.rig.top.height, self.rig.top.width, 3)
        if photos.top.shape != expected or photos.side.shape != expected:
            raise DreamitateError(
                ErrorCode.WRONG_CLIP_SIZE,
                f"the oracle draws {expected[1]}x{expected[0]} frames, but the photos are"
                f" {photos.top.shape[1]}x{photos.top.shape[0]} and {photos.side.shape[1]}x{photos.side.shape[0]}",
            )
        if set(task.arm_tools) != set(self.tools):
            raise DreamitateError(
                ErrorCode.GENERATION_FAILED,
                f"the task '{task.name}' needs tools for {', '.join(task.arm_tools)}, loaded are those for"
                f" {', '.join(self.tools)}",
            )

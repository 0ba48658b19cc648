"""The seam of the stage: whatever can imagine the task from two photos."""

from typing import Protocol

from dreamitate_ros.task import Task
from dreamitate_ros.values import Progress, StereoImage, StereoVideo, Stop


class Generator(Protocol):
    """Imagines a task."""

    def generate(
        self, photos: StereoImage, task: Task, seed: int, progress: Progress, stop: Stop
    ) -> StereoVideo:
        """The video of `task` done in the scene of `photos` (cropped, as the model sees them).

        Raises Cancelled soon after stop() is true, or DreamitateError with a code of the 300 block.
        """
        ...

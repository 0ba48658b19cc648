"""`rotate_bold`: `rotate`, but for the tools' patterns: four colours, which a small model learns to draw sooner."""

from dreamitate_ros.simulate.tasks.rotate import TASK

__all__ = ["TASK"]

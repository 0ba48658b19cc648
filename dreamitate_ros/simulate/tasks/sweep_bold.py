"""`sweep_bold`: `sweep`, but for the tool: a bold block on its handle, which a small model learns to draw."""

from dreamitate_ros.simulate.tasks.sweep import TASK

__all__ = ["TASK"]

"""`push_shape_bold`: `push_shape`, but for the tool: a bold block on its handle, which a small model learns to draw."""

from dreamitate_ros.simulate.tasks.push_shape import TASK

__all__ = ["TASK"]

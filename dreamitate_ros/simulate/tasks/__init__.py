"""The simulated tasks, a module each with an instance TASK of SimulatedTask (see simulated_task.py)."""

import importlib.util
from typing import cast

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.simulate.simulated_task import SimulatedTask


def simulated_task(name: str) -> SimulatedTask:
    """The task of that name; raises UNKNOWN_TASK when it cannot be simulated."""
    module_name = f"{__name__}.{name}"
    found = name.isidentifier() and importlib.util.find_spec(module_name) is not None
    task = getattr(importlib.import_module(module_name), "TASK", None) if found else None
    if task is None:
        raise DreamitateError(
            ErrorCode.UNKNOWN_TASK,
            f"the task '{name}' cannot be simulated: there is no dreamitate_ros/simulate/tasks/{name}.py with a TASK",
        )
    return cast(SimulatedTask, task)

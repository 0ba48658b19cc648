"""A task's tools from one goal to the next: the same, with what a tracker prepared of them, until a file changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dreamitate_ros.task import Task
from dreamitate_ros.tool import Tool, load_tools


@dataclass
class LatestTools:
    """Of the last task. directories: arm -> folder of the user's own tool, as of load_tools."""

    config: Path
    directories: Mapping[str, Path]
    _read: object = field(default=None, init=False)
    _tools: list[Tool] = field(default_factory=list, init=False)

    def of(self, task: Task) -> list[Tool]:
        """In the order of the task's arms. An edited mesh, texture or tool.yaml counts from the next goal on."""
        tools = load_tools(task.arm_tools, self.config, self.directories)
        folders = {tool.mesh_path.parent for tool in tools.values()}
        folders |= {self.config / "tools" / name for name in task.arm_tools.values()}
        files = sorted(file for folder in folders for file in folder.glob("*"))
        read = (dict(task.arm_tools), [(file, file.stat().st_mtime_ns) for file in files])
        if read != self._read:
            self._read, self._tools = read, list(tools.values())
        return self._tools

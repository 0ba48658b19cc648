"""The graph, described once: the launch files and `dreamitate demo | run | evaluate` start what graph() lists."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.task import cell_rig_path, load_task

Value = str | float | bool

TRACKERS = ("builtin", "none")
GUARD = "motion_guard"
BACKENDS = ("builtin", "moveit")  # of trajectory_executor
END_TIMEOUT_S = 40.0  # the policy finishes its report before it ends


@dataclass(frozen=True)
class Settings:
    """What a user chooses; "" or None leaves it to the parameter files.

    simulation: start the simulated cell, and use its parameters. generator: what imagines. rig: path of the
    calibration; no rig in simulation: the task's. tools: other meshes, like left=DIR,right=DIR.
    episodes: folder for the episode folders. require_approval: wait for a person before motion.
    top_camera, side_camera: namespaces of their topics.
    model, sampling, memory: folder and presets of the generator `diffusion`; no model: the task's.
    tracker: none where a node of the user's own serves the action track_tools.
    task, seed: of the simulated scene. rate: simulated seconds per second.
    """

    simulation: bool = False
    generator: str = ""
    rig: str = ""
    tools: str = ""
    episodes: str = ""
    require_approval: bool | None = None
    top_camera: str = ""
    side_camera: str = ""
    model: str = ""
    sampling: str = ""
    memory: str = ""
    tracker: str = "builtin"
    task: str = ""
    seed: int | None = None
    rate: float | None = None


@dataclass(frozen=True)
class NodeProcess:
    """One node: its name, which is also its executable's, its parameter files, and what overrides them."""

    name: str
    parameter_files: tuple[Path, ...]
    parameters: Mapping[str, Value] = field(default_factory=dict)


def graph(settings: Settings) -> list[NodeProcess]:
    """The nodes to start, in order."""
    config = config_directory()
    files = (config / "policy.yaml", *([config / "simulation.yaml"] if settings.simulation else []))
    task = load_task(settings.task, config) if settings.task else None
    model, rig = settings.model, settings.rig
    if task is not None:
        model = model or task.model
        rig = rig or (str(cell_rig_path(task, config)) if settings.simulation else "")
    shared = {"rig": rig, "tools": settings.tools}
    nodes: dict[str, dict[str, Value | None]] = {
        "stereo_capture": {
            "rig": rig,
            "top_camera": settings.top_camera,
            "side_camera": settings.side_camera,
        },
        "video_generator": {
            **shared,
            "generator": settings.generator,
            "model": model,
            "sampling": settings.sampling,
            "memory": settings.memory,
        },
        "tool_tracker": shared,
        "trajectory_executor": shared,
        "policy": {
            **shared,
            "episodes": settings.episodes,
            "require_approval": settings.require_approval,
        },
    }
    if settings.tracker == "none":
        del nodes["tool_tracker"]
    if settings.simulation:
        seed = None if settings.seed is None else float(settings.seed)
        nodes = {
            "simulated_cell": {**shared, "task": settings.task, "seed": seed, "rate": settings.rate},
            **nodes,
        }
    else:  # the cell itself misses who moved its arms, a driver does not
        nodes = {GUARD: {}, **nodes}
    return [
        NodeProcess(name, files, {key: value for key, value in chosen.items() if value not in ("", None)})
        for name, chosen in nodes.items()
    ]


def environment(simulation: bool) -> dict[str, str]:
    """Variables that every process of the graph needs: the Fast DDS profile for images, and in simulation
    nothing leaves the machine."""
    profile = str(config_directory() / "fastdds.xml")
    variables = {"FASTDDS_DEFAULT_PROFILES_FILE": profile, "RMW_IMPLEMENTATION": "rmw_fastrtps_cpp"}
    if os.environ.get("ROS_DISTRO") == "jazzy":  # its Fast DDS 2 knows the older name, which Kilted warns of
        variables["FASTRTPS_DEFAULT_PROFILES_FILE"] = profile
    if simulation:
        variables["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
        variables["MUJOCO_GL"] = os.environ.get("MUJOCO_GL", "egl")
    return variables


def private_domain() -> str:
    """A ROS domain that no other run on this machine is likely to share; the user's own when one is set."""
    return os.environ.get("ROS_DOMAIN_ID") or str(1 + os.getpid() % 100)


class Bringup:
    """The graph as child processes, for as long as the `with` block lasts.

    Each node's output goes to log_folder/NODE.log. Entering also sets this process' environment, so that a client
    made here finds the graph. A node ends by itself, arms still, when this process dies.
    """

    def __init__(self, settings: Settings, log_folder: Path) -> None:
        self._settings, self._log_folder = settings, log_folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> "Bringup":
        self._log_folder.mkdir(parents=True, exist_ok=True)
        os.environ.update(environment(self._settings.simulation))
        os.environ["ROS_DOMAIN_ID"] = private_domain()
        try:
            for node in graph(self._settings):
                self._processes[node.name] = self._start(node)
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    def ended(self) -> dict[str, str]:
        """Nodes that ended too early, and the last line each one said."""
        return {
            name: self._last_line(name)
            for name, process in self._processes.items()
            if process.poll() is not None
        }

    def pids(self) -> dict[str, int]:
        """Node name -> process id."""
        return {name: process.pid for name, process in self._processes.items()}

    def end(self) -> None:
        """End all nodes, and wait until they have."""
        for process in self._processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
        deadline_s = time.monotonic() + END_TIMEOUT_S
        for process in self._processes.values():
            try:
                process.wait(timeout=max(0.1, deadline_s - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, node: NodeProcess) -> "subprocess.Popen[bytes]":
        arguments = ["--ros-args"]
        for file in node.parameter_files:
            arguments += ["--params-file", str(file)]
        for name, value in node.parameters.items():
            arguments += ["-p", f"{name}:={json.dumps(value)}"]
        with (self._log_folder / f"{node.name}.log").open("wb") as log:
            # in a session of its own, Ctrl-C reaches only us, and we end the nodes in order
            return subprocess.Popen(
                [sys.executable, "-m", "dreamitate_ros.nodes.start", node.name, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=os.environ | {"DREAMITATE_PARENT": str(os.getpid())},  # see lifetime.py
                start_new_session=True,
            )

    def _last_line(self, name: str) -> str:
        lines = (self._log_folder / f"{name}.log").read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

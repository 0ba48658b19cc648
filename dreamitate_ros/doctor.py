"""What this machine lacks, and how to get it: `dreamitate doctor`."""

import argparse
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from dreamitate_ros.configuration import config_directory

PROBE_TIMEOUT_S = 60.0
FREE_DISK_GB = 2.0
SHARED_MEMORY_MB = 256  # two 64 MB segments for images, twice over
INTERFACES = (
    "control_msgs.action.FollowJointTrajectory",
    "dreamitate_msgs.action.RunPolicy",
    "sensor_msgs.msg.Image",
    "tf2_msgs.msg.TFMessage",
    "ur_dashboard_msgs.msg.SafetyMode",
    "ur_msgs.srv.SetSpeedSliderFraction",
    "visualization_msgs.msg.MarkerArray",
)
BUILD_AGAIN = "run `make setup`, or where ROS 2 is sourced `rosdep install` and `colcon build`"

RENDER = """
import mujoco
model = mujoco.MjModel.from_xml_string(
    '<mujoco><worldbody><light pos="0 0 2"/><geom size=".1"/></worldbody></mujoco>')
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
with mujoco.Renderer(model, 48, 64) as renderer:
    renderer.update_scene(data)
    if not renderer.render().any():
        raise SystemExit("EGL gave a black picture")
    from OpenGL import GL
    print(GL.glGetString(GL.GL_RENDERER).decode())
"""
IMPORT_INTERFACES = """
import importlib, sys
for name in sys.argv[1:]:
    module, _, interface = name.rpartition(".")
    getattr(importlib.import_module(module), interface).__class__.__import_type_support__()
print(len(sys.argv) - 1, "checked")
"""
START_ROS = """
import rclpy
rclpy.init(domain_id=101)
rclpy.create_node("doctor").destroy_node()
print(rclpy.get_rmw_implementation_identifier(), "from", rclpy.__path__[0])
rclpy.shutdown()
"""


@dataclass(frozen=True)
class Check:
    """One line of the report. `fix` says what to do, and is empty where nothing is wrong."""

    name: str
    ok: bool
    found: str
    fix: str = ""


def examine() -> list[Check]:
    """All checks, in the order a person would fix them. Takes a few seconds: it renders and starts a node."""
    checks: tuple[Callable[[], Check], ...] = (
        check_python,
        check_compiler,
        check_rendering,
        check_ros,
        check_interfaces,
        check_middleware,
        check_shared_memory,
        check_disk,
        check_gpu,
        check_ros_command,
    )
    return [check() for check in checks]


def check_python() -> Check:
    """The wheels are for 3.11 to 3.13; a sourced ROS brings its own."""
    found = f"{platform.python_version()} at {sys.executable}"
    ok = (3, 11) <= sys.version_info[:2] <= (3, 13)
    return Check(
        "Python",
        ok,
        found,
        "" if ok else "install Python 3.11, 3.12 or 3.13, remove .venv and run make setup",
    )


def check_compiler() -> Check:
    """The interface packages are generated C and C++."""
    compiler = shutil.which("c++")
    return Check(
        "C++ compiler", compiler is not None, compiler or "none", "" if compiler else "apt install g++"
    )


def check_rendering() -> Check:
    """Open a MuJoCo context through EGL and look at one picture."""
    ok, found = _probe(RENDER, MUJOCO_GL="egl", PYOPENGL_PLATFORM="egl")
    return Check("rendering", ok, found, "" if ok else "apt install libegl1 libopengl0 libgl1-mesa-dri")


def check_ros() -> Check:
    """Start a real node: sourced ROS 2 or the wheels in .venv."""
    ok, found = _probe(START_ROS)
    distribution = os.environ.get("ROS_DISTRO")
    origin = "wheels" if Path(sys.prefix, "share", "rclpy").is_dir() else f"sourced {distribution or 'ROS 2'}"
    return Check("ROS 2", ok, f"{origin}: {found}", "" if ok else BUILD_AGAIN)


def check_interfaces() -> Check:
    """Import what the nodes speak, type support included."""
    ok, found = _probe(IMPORT_INTERFACES, *INTERFACES)
    return Check("ROS interfaces", ok, found, "" if ok else BUILD_AGAIN)


def check_middleware() -> Check:
    """Large images are tuned for Fast DDS; another middleware, or a profile of the user's, is theirs to tune."""
    middleware = os.environ.get("RMW_IMPLEMENTATION", "rmw_fastrtps_cpp")
    if middleware != "rmw_fastrtps_cpp":
        return Check(
            "middleware", False, middleware, "unset RMW_IMPLEMENTATION, or set it to rmw_fastrtps_cpp"
        )
    for variable in ("FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE"):
        profile = os.environ.get(variable)
        if profile and not Path(profile).is_file():
            return Check("middleware", False, f"{variable}={profile} does not exist", f"unset {variable}")
        if profile:
            return Check("middleware", True, f"Fast DDS with {profile}")
    ours = config_directory() / "fastdds.xml"
    return Check("middleware", ours.is_file(), f"Fast DDS with {ours}", "" if ours.is_file() else BUILD_AGAIN)


def check_shared_memory(folder: Path = Path("/dev/shm")) -> Check:
    """Images between the nodes go through shared memory."""
    if not folder.is_dir():
        return Check("shared memory", False, f"no {folder}", f"mount a tmpfs at {folder}")
    free_mb = shutil.disk_usage(folder).free / 1e6
    ok = free_mb >= SHARED_MEMORY_MB
    fix = "" if ok else f"{SHARED_MEMORY_MB} MB are needed; in a container: docker run --shm-size=1g"
    return Check("shared memory", ok, f"{free_mb:.0f} MB free", fix)


def check_disk(folder: Path = Path()) -> Check:
    """Episodes hold videos."""
    free_gb = shutil.disk_usage(folder).free / 1e9
    ok = free_gb >= FREE_DISK_GB
    return Check(
        "disk", ok, f"{free_gb:.1f} GB free", "" if ok else f"free {FREE_DISK_GB:.0f} GB for episodes"
    )


def check_gpu() -> Check:
    """Optional: nothing before a trained video model needs one."""
    try:
        torch = f"torch {metadata.version('torch')}"
    except metadata.PackageNotFoundError:
        torch = "no torch"
    gpu = "no NVIDIA GPU"
    if shutil.which("nvidia-smi"):
        query = ["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"]
        gpu = _output(query)[1].splitlines()[0]
    return Check("GPU (optional)", True, f"{gpu}, {torch}")


def check_ros_command() -> Check:
    """Optional: `dreamitate` does without it; the wheels have none."""
    command = shutil.which("ros2")
    return Check("ros2 (optional)", True, command or "none; `dreamitate` works without")


def _probe(code: str, *arguments: str, **variables: str) -> tuple[bool, str]:
    """Run Python code in a process of its own, where a crash harms nobody: whether it worked, its last line."""
    ok, output = _output([sys.executable, "-c", code, *arguments], **variables)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    return ok, lines[-1] if lines else "ended without a word"


def _output(command: list[str], **variables: str) -> tuple[bool, str]:
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PROBE_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, str(error)
    return done.returncode == 0, done.stdout or f"exit status {done.returncode}"


def table(checks: Sequence[Check]) -> str:
    """The report as text: one line a check, its cure below it."""
    width = max(len(check.name) for check in checks)
    lines = []
    for check in checks:
        lines.append(f"{'ok     ' if check.ok else 'MISSING'}  {check.name:<{width}}  {check.found}")
        if check.fix:
            lines.append(f"{'':7}  {'':{width}}  -> {check.fix}")
    return "\n".join(lines)


def report(checks: Sequence[Check]) -> int:
    """Print the table; the exit status is 0 when nothing is missing."""
    print(table(checks))
    missing = [check.name for check in checks if not check.ok]
    print(f"missing: {', '.join(missing)}" if missing else "nothing is missing")
    return 1 if missing else 0


def main(arguments: Sequence[str]) -> int:
    """Look at this machine, and report."""
    argparse.ArgumentParser(prog="dreamitate doctor", description=__doc__).parse_args(arguments)
    return report(examine())

"""`dreamitate record`: takes of demonstrations, by the space bar."""

import argparse
from pathlib import Path

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.record.library import TakeLibrary
from dreamitate_ros.task import load_task


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `dreamitate record`."""
    add = parser.add_argument
    add(
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder of all takes; gone on with when it exists",
    )
    add("--task", default="rotate", help="a file in config/tasks (default: rotate)")
    add(
        "--caption",
        default="",
        help="what the takes show, as the model is told it (default: the task's prompt)",
    )
    add("--rig", type=Path, help="calibrated rig, for the tracking check (default: the simulated cell's)")
    add("--tools", default="", metavar="ARM=DIR,...", help="other tools than the task's")
    add("--top-camera", default="top/color", help="namespace of the top camera's topics (default: top/color)")
    add(
        "--side-camera",
        default="side/color",
        help="namespace of the side camera's topics (default: side/color)",
    )
    add("--camera-fps", type=float, default=30.0, help="of the cameras (default: 30)")
    add("--no-tracking-check", action="store_true", help="keep takes without looking for the tools in them")
    add(
        "--summary",
        action="store_true",
        help="only say how many good takes there are, and why others are not",
    )


def main(arguments: argparse.Namespace) -> int:
    """Returns 0; raises DreamitateError for what a person has to change."""
    task = load_task(arguments.task, config_directory())
    if arguments.summary:
        print(TakeLibrary(arguments.output, task.frames / task.fps, max_skew_s=0.05).summary())
        return 0
    from dreamitate_ros.nodes.record_keys import record

    chosen = {
        "folder": str(arguments.output.absolute()),
        "task": arguments.task,
        "caption": arguments.caption or task.prompt,
        "tools": arguments.tools,
        "top_camera": arguments.top_camera,
        "side_camera": arguments.side_camera,
        "camera_fps": arguments.camera_fps,
        "check_tracking": not arguments.no_tracking_check,
    }
    if arguments.rig is not None:
        chosen["rig"] = str(arguments.rig.absolute())
    return record(chosen)

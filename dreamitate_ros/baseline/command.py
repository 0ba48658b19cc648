"""`dreamitate label`: tracks the tools in a data set's videos, for the baseline to learn from. Resumable."""

import argparse
import sys
from pathlib import Path
from typing import Any

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.interrupts import interrupts
from dreamitate_ros.yaml_file import load_mapping

INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `dreamitate label`."""
    add = parser.add_argument
    add("dataset", type=Path, metavar="DIR", help="a data set of `dreamitate demonstrate` or `record`")
    add("--task", help="whose tools are in it (default: what its dataset.yaml says)")
    add("--rig", type=Path, help="of its cameras (default: the simulated cell's)")
    add("--workers", type=int, default=2, help="processes at work at once (default: 2)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Label what is not labelled yet; 1 when a process broke or nothing could be tracked, else 0."""
    # what the workers need is imported once here, not by each of them
    from dreamitate_ros.baseline.labels import TRACKED, Labeller, label_path, read_labels
    from dreamitate_ros.configuration import config_directory
    from dreamitate_ros.demonstrate.dataset import LIST, SETTINGS
    from dreamitate_ros.generate.diffusion.train.demonstrations import list_demonstrations
    from dreamitate_ros.rig import load_rig
    from dreamitate_ros.task import cell_rig_path, load_task
    from dreamitate_ros.tool import load_tools
    from dreamitate_ros.workers import in_processes

    config, folder = config_directory(), arguments.dataset
    settings = _settings(folder / SETTINGS)
    task = load_task(arguments.task or _task_name(folder / SETTINGS, settings), config)
    rig = load_rig(arguments.rig or cell_rig_path(task, config))
    width, height = settings.get("size_px", (rig.top.width, rig.top.height))
    rig = rig.resized(width, height)
    labeller = Labeller(task, rig, load_tools(task.arm_tools, config))
    demonstrations = list_demonstrations(folder / LIST)
    left = [each for each in demonstrations if not label_path(each, TRACKED).is_file()]
    broken = False
    try:
        with interrupts() as interrupted:
            work = in_processes(labeller, left, max(1, arguments.workers), interrupted)
            for number, finished in enumerate(work, start=1):
                broken |= finished.result is None
                if reason := finished.crash or finished.result:
                    print(f"\n{finished.job.top.name}: {reason}", file=sys.stderr)
                print(f"\r{number} of {len(left)} demonstrations", end="", file=sys.stderr, flush=True)
    except Cancelled:
        print("\nstopped; the same command goes on from here", file=sys.stderr)
        return INTERRUPTED
    kept = [each for each in demonstrations if label_path(each, TRACKED).is_file()]
    found = sum(bool(read_labels(each, TRACKED, task.fps)) for each in kept)
    print(f"\n{found} of {len(demonstrations)} demonstrations tracked: {folder / TRACKED}")
    return 0 if found and not broken else 1


def _settings(path: Path) -> dict[str, Any]:
    """What the data set says of itself; nothing where people recorded it."""
    return load_mapping(path, ErrorCode.INVALID_PARAMETER) if path.is_file() else {}


def _task_name(path: Path, settings: dict[str, Any]) -> str:
    if "task" in settings:
        return str(settings["task"])
    raise DreamitateError(
        ErrorCode.INVALID_PARAMETER, f"there is no {path} that says the data set's task; name it with --task"
    )

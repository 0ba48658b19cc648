"""`dreamitate demonstrate`: a data set of scripted demonstrations, from seeds, in several processes. Resumable."""

import argparse
import os
import sys
import time
from pathlib import Path

from dreamitate_ros.errors import Cancelled
from dreamitate_ros.interrupts import interrupts

INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `dreamitate demonstrate`."""
    add = parser.add_argument
    add("--task", default="rotate", help="a file in config/tasks (default: rotate)")
    add("--episodes", type=int, default=100, help="seeds to try, one after the other (default: 100)")
    add("--seed", type=int, default=0, help="of the first one, below 100000 (default: 0)")
    add(
        "--output", type=Path, required=True, metavar="DIR",
        help="folder of the data set; what is there already is kept",
    )  # fmt: skip
    add("--workers", type=int, default=2, help="processes at work at once (default: 2)")
    add(
        "--size", type=_size, default=(768, 448), metavar="WxH",
        help="of the frames, like 384x224 for a small model (default: 768x448)",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Make what is missing; 1 when nothing could be demonstrated or a process broke, else 0."""
    os.environ.setdefault("LP_NUM_THREADS", "1")  # Mesa's threads: the processes fill the cores already
    # MuJoCo and its tasks are imported once here, not by each worker
    from dreamitate_ros.configuration import config_directory
    from dreamitate_ros.demonstrate.dataset import LIST, Dataset
    from dreamitate_ros.demonstrate.episode import Recorder
    from dreamitate_ros.rig import load_rig
    from dreamitate_ros.simulate.seeds import Split, require
    from dreamitate_ros.simulate.tasks import simulated_task
    from dreamitate_ros.task import cell_rig_path, load_task
    from dreamitate_ros.tool import load_tools
    from dreamitate_ros.workers import in_processes

    config = config_directory()
    task = load_task(arguments.task, config)
    simulated_task(task.name)
    seeds = range(arguments.seed, arguments.seed + arguments.episodes)
    require(Split.TRAINING, seeds)
    tools = load_tools(task.arm_tools, config)
    dataset = Dataset.open(arguments.output, task, arguments.size)
    recorder = Recorder(task, load_rig(cell_rig_path(task, config)), tools, dataset)
    kept = dataset.records()
    left = [seed for seed in seeds if seed not in kept]
    bar, broken = _Bar(len(left)), list[str]()
    try:
        with interrupts() as interrupted:
            for finished in in_processes(recorder, left, max(1, arguments.workers), interrupted):
                if finished.result is None:
                    broken.append(f"seed {finished.job} broke, and will be tried again: {finished.crash}")
                bar.add(int((finished.result or {}).get("frames", 0)))
    except Cancelled:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return INTERRUPTED
    finally:
        bar.close()
        count = dataset.write_list()
        print(f"{count} demonstrations in {arguments.output / LIST}")
    for seed, record in dataset.records().items():
        if seed in seeds and not record["demonstrated"]:
            print(f"seed {seed} has none: {record['reason']}")
    print("\n".join(broken), end="\n" if broken else "")
    return 0 if count and not broken else 1


class _Bar:
    """Progress on standard error, and the rates at the end."""

    def __init__(self, total: int) -> None:
        self._total, self._done, self._frames, self._failed = total, 0, 0, 0
        self._started_s = time.monotonic()

    def add(self, frames: int) -> None:
        self._done += 1
        self._frames += frames
        self._failed += frames == 0
        if sys.stderr.isatty():
            filled = 30 * self._done // self._total
            print(
                f"\r[{'#' * filled}{'.' * (30 - filled)}] {self._words()}",
                end="",
                file=sys.stderr,
                flush=True,
            )
        elif self._done % 20 == 0:
            print(self._words(), file=sys.stderr, flush=True)

    def close(self) -> None:
        if sys.stderr.isatty():
            print(file=sys.stderr)
        if self._done:
            print(self._words())

    def _words(self) -> str:
        passed_s = max(time.monotonic() - self._started_s, 1e-3)
        return (
            f"{self._done} of {self._total} seeds, {self._failed} without a demonstration,"
            f" {60 * self._done / passed_s:.1f} a minute, {self._frames / passed_s:.1f} frames per second"
        )


def _size(text: str) -> tuple[int, int]:
    width, separator, height = text.partition("x")
    if not (separator and width.isdigit() and height.isdigit()):
        raise argparse.ArgumentTypeError(f"must read like 384x224, not '{text}'")
    size = int(width), int(height)
    if min(size) < 32 or size[0] % 2 or size[1] % 2:
        raise argparse.ArgumentTypeError(f"width and height must be even and at least 32, not {text}")
    return size

"""`dreamitate evaluate`: many trials of the whole policy, judged from ground truth. Resumable."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.interrupts import interrupts

if TYPE_CHECKING:
    from dreamitate_ros.evaluate.core import Imagination
    from dreamitate_ros.evaluate.dreaming import Track
    from dreamitate_ros.evaluate.evaluation import Trials
    from dreamitate_ros.evaluate.results import Results
    from dreamitate_ros.evaluate.suite import Cell
    from dreamitate_ros.evaluate.trial import Trial
    from dreamitate_ros.task import Task
    from dreamitate_ros.values import Stop

GENERATORS = ("oracle", "diffusion", "replay", "baseline")
INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `dreamitate evaluate`."""
    add = parser.add_argument
    add("--task", default="rotate", help="a file in config/tasks (default: rotate)")
    add("--generator", choices=GENERATORS, default="oracle", help="what imagines (default: oracle)")
    add(
        "--model", type=Path, metavar="DIR",
        help="model folder, for the generators diffusion (default: the task's, that ships) and baseline",
    )  # fmt: skip
    add("--sampling", default="small", help="the model's sampling preset (default: small)")
    add("--memory", default="24GB", help="the model's memory preset (default: 24GB)")
    add(
        "--earlier", type=Path, metavar="DIR",
        help="for the generator replay: evaluation whose imagined videos are acted out again",
    )  # fmt: skip
    add(
        "--samples", type=int, metavar="N",
        help="videos to choose the best of, at most, for the generator diffusion (default: the task's)",
    )  # fmt: skip
    add("--trials", type=int, default=20, help="how many (default: 20)")
    add("--seed", type=int, default=900_000, help="of the first trial, from 900000 on (default: 900000)")
    add("--no-ros", action="store_true", help="call the stages directly instead of through the ROS graph")
    add("--workers", type=int, default=1, help="trials at work at once (default: 1)")
    add(
        "--ray", nargs="?", const="", metavar="ADDRESS",
        help="with --no-ros: trials on all machines of a Ray cluster (default: RAY_ADDRESS, or this machine)",
    )  # fmt: skip
    add("--output", type=Path, help="folder; finished trials found there are kept")
    add(
        "--suite", metavar="NAME",
        help="many evaluations and their table, a file in config/suites, which says task, generator, model, samples,"
        " trials and seed of each",
    )  # fmt: skip
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run what is missing, print the table; 0 when every trial has a verdict, whatever it is."""
    try:
        with interrupts() as interrupted:
            return (_run_suite if arguments.suite else _run_one)(arguments, interrupted)
    except Cancelled:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return INTERRUPTED


def _run_one(arguments: argparse.Namespace, stop: "Stop") -> int:
    from dreamitate_ros.evaluate.results import REPORT
    from dreamitate_ros.evaluate.summary import table

    results, done = _evaluated(arguments, stop)
    if results.settings.get("samples", 1) > 1:
        print("dreams in each round: up to {samples}, acted out: {choice}".format(**results.settings))
    print(table(done))
    print(f"written: {results.folder / REPORT}")
    return 0


def _run_suite(arguments: argparse.Namespace, stop: "Stop") -> int:
    from dreamitate_ros.configuration import config_directory
    from dreamitate_ros.evaluate.suite import Cell, load_suite
    from dreamitate_ros.evaluate.suite_page import suite_page, suite_table
    from dreamitate_ros.evaluate.suite_run import Filled, run_suite
    from dreamitate_ros.whole_file import write_whole

    suite = load_suite(arguments.suite, config_directory())
    folder = arguments.output or Path(f"suite_{suite.name}")

    def evaluate_cell(cell: Cell) -> "list[Trial]":
        one = _cell_arguments(cell, arguments, folder)
        return _evaluated(one, stop)[1]

    def write(filled: "Sequence[Filled]") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / "table.md", suite_table(suite, filled) + "\n")
        write_whole(folder / "report.html", suite_page(suite, filled, folder))

    filled = run_suite(suite, evaluate_cell, write, partial(print, flush=True))
    print(suite_table(suite, filled))
    print(f"written: {folder / 'report.html'}")
    return 0


def _cell_arguments(cell: "Cell", common: argparse.Namespace, folder: Path) -> argparse.Namespace:
    """The options of one evaluation of a suite, and of the command what holds for all of them."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_arguments(parser)
    try:
        one = parser.parse_args(cell.options)
    except argparse.ArgumentError as error:
        raise DreamitateError(ErrorCode.INVALID_PARAMETER, f"{cell.row}, {cell.column}: {error}") from None
    for name in ("no_ros", "workers", "ray", "sampling", "memory"):
        setattr(one, name, getattr(common, name))
    one.output = folder / cell.folder
    return one


def _evaluated(arguments: argparse.Namespace, stop: "Stop") -> "tuple[Results, list[Trial]]":
    """All trials of one evaluation, with its folder; raises Cancelled, what is done being written."""
    from dreamitate_ros.configuration import config_directory
    from dreamitate_ros.evaluate.results import Results
    from dreamitate_ros.simulate.seeds import Split, require
    from dreamitate_ros.simulate.tasks import simulated_task
    from dreamitate_ros.task import load_task

    task = _sampled(load_task(arguments.task, config_directory()), arguments)
    simulated_task(task.name)
    seeds = range(arguments.seed, arguments.seed + arguments.trials)
    require(Split.EVALUATION, seeds)
    _require_sources(arguments, task)
    if arguments.ray is not None and not arguments.no_ros:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, "--ray runs the stages without a graph: add --no-ros"
        )
    ending = f"_{task.samples}_dreams" if task.samples > 1 else ""
    ending += "_no_ros" if arguments.no_ros else ""
    folder = arguments.output or Path(f"evaluation_{task.name}_{arguments.generator}{ending}")
    results = Results.open(folder, _settings(arguments, task))
    try:
        return results, _run_all(arguments, task, results, seeds, stop)
    finally:
        results.write_all()


def _run_all(
    arguments: argparse.Namespace, task: "Task", results: "Results", seeds: Sequence[int], stop: "Stop"
) -> "list[Trial]":
    from dreamitate_ros.evaluate.evaluation import evaluate
    from dreamitate_ros.evaluate.on_ray import evaluate_on_ray

    if arguments.ray is not None:
        return evaluate_on_ray(
            results, seeds, partial(_one_trial, arguments, task), arguments.ray or None, stop
        )
    make_trials = _core_trials if arguments.no_ros else _graph_trials
    trials = make_trials(arguments, task, results)
    workers = max(1, arguments.workers)
    # a graph or a model takes long to come up: one for all of a worker's trials
    lasting = not arguments.no_ros or arguments.generator in ("diffusion", "baseline")
    batch = max(1, -(-len(seeds) // workers)) if lasting else 1
    return evaluate(results, seeds, trials, batch, workers, stop)


def _one_trial(arguments: argparse.Namespace, task: "Task", results: "Results", seed: int) -> "Trial":
    """Wherever Ray runs it, with that machine's files."""
    return next(iter(_core_trials(arguments, task, results)([seed])))


def _sampled(task: "Task", arguments: argparse.Namespace) -> "Task":
    """The task with the dreams asked for; what a seed does not change is imagined once."""
    from dreamitate_ros.task import with_samples

    if arguments.generator == "diffusion":
        return task if arguments.samples is None else with_samples(task, arguments.samples)
    if arguments.samples not in (None, 1):
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"the generator '{arguments.generator}' imagines the same video whatever the seed; --samples"
            f" {arguments.samples} needs --generator diffusion",
        )
    return with_samples(task, 1)


def _settings(arguments: argparse.Namespace, task: "Task") -> dict[str, Any]:
    settings = {"task": arguments.task, "generator": arguments.generator, "ros": not arguments.no_ros}
    if arguments.generator in ("diffusion", "baseline"):
        settings["model"] = str(arguments.model.absolute())
    if arguments.generator == "diffusion":
        settings |= {"sampling": arguments.sampling, "samples": task.samples, "choice": task.choice.value}
    if arguments.generator == "replay":
        settings["earlier"] = str(arguments.earlier.absolute())
    return settings


def _require_sources(arguments: argparse.Namespace, task: "Task") -> None:
    """The folder that the generator reads from is there; the model's is filled in where none was named."""
    from dreamitate_ros.baseline.settings import PolicySettings
    from dreamitate_ros.configuration import model_directory
    from dreamitate_ros.task import require_model

    if arguments.generator == "diffusion":
        arguments.model = model_directory(str(arguments.model or require_model(task)))
    if arguments.generator == "baseline" and (arguments.model is None or not arguments.no_ros):
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            "the generator 'baseline' needs --model DIR, a trained baseline's folder, and --no-ros: it imagines no"
            " video that the graph could track",
        )
    if arguments.generator == "baseline":
        PolicySettings.read(arguments.model).require(list(task.arm_tools), task.frames)
    if arguments.generator == "replay" and (arguments.earlier is None or not arguments.earlier.is_dir()):
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"the generator 'replay' needs --earlier DIR, a folder that exists; found: {arguments.earlier}",
        )


def _core_trials(arguments: argparse.Namespace, task: "Task", results: "Results") -> "Trials":
    from dreamitate_ros.configuration import config_directory
    from dreamitate_ros.evaluate import imagining
    from dreamitate_ros.evaluate.core import CorePolicy
    from dreamitate_ros.rig import load_rig
    from dreamitate_ros.simulate.tasks import simulated_task
    from dreamitate_ros.task import cell_rig_path
    from dreamitate_ros.tool import load_tools
    from dreamitate_ros.track.tracker import track_tools

    config = config_directory()
    rig_path = cell_rig_path(task, config)
    rig = load_rig(rig_path)
    tools = load_tools(task.arm_tools, config)
    rounds = simulated_task(task.name).rounds
    imagination: Imagination
    find: Track = track_tools
    if arguments.generator == "oracle":
        imagination = imagining.oracle(rig, tools, rounds)
    elif arguments.generator == "diffusion":
        imagination = imagining.diffusion(arguments.model, arguments.sampling, arguments.memory, rounds)
    elif arguments.generator == "baseline":
        imagination, find = imagining.still(rounds), imagining.baseline(arguments.model)
    else:
        imagination = imagining.replay(arguments.earlier)
    if arguments.workers > 1:
        os.environ.setdefault("LP_NUM_THREADS", "1")  # Mesa's threads: the processes fill the cores already
    policy = CorePolicy(task, rig, rig_path, tools, results.episodes, find)

    def trials(seeds: Sequence[int]) -> "Iterator[Trial]":
        for seed in seeds:
            yield policy.trial(seed, imagination)

    return trials


def _graph_trials(arguments: argparse.Namespace, task: "Task", results: "Results") -> "Trials":
    from dreamitate_ros.evaluate.imagining import imagined_before
    from dreamitate_ros.nodes.bringup import Settings
    from dreamitate_ros.nodes.session import trials_in_graph
    from dreamitate_ros.simulate.tasks import simulated_task

    settings = Settings(
        simulation=True,
        generator=arguments.generator,
        episodes=str(results.episodes),
        task=arguments.task,
        seed=arguments.seed,
        model=str(arguments.model.absolute()) if arguments.model else "",
        sampling=arguments.sampling if arguments.model else "",
        memory=arguments.memory if arguments.model else "",
    )
    rounds = simulated_task(arguments.task).rounds
    if arguments.workers > 1:
        os.environ.pop("ROS_DOMAIN_ID", None)  # each worker's graph picks a domain of its own

    def directories(seed: int) -> list[str]:
        if arguments.generator != "replay":
            return [""] * rounds
        return [str(path) for path in imagined_before(arguments.earlier, seed)]

    return lambda seeds: trials_in_graph(
        settings, results.episodes / "logs", seeds, directories, task.samples
    )

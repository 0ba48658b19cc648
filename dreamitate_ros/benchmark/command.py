"""`dreamitate benchmark`: what the package can do on this machine, from a seed."""

import argparse
import os
from pathlib import Path

PAPER_TASKS = ("rotate", "scoop", "sweep", "push_shape")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The benchmarks and their options."""
    subjects = parser.add_subparsers(dest="subject", required=True, metavar="SUBJECT")
    tracker = subjects.add_parser("tracker", help="the tool tracker on simulated videos with a known truth")
    add = tracker.add_argument
    add(
        "--motions",
        type=int,
        default=20,
        help="random motions of each tool, for each kind of video (default: 20)",
    )
    add("--bad", type=int, default=40, help="videos that must be refused (default: 40)")
    add("--seed", type=int, default=900_000, help="of the first motion (default: 900000)")
    add("--workers", type=int, default=2, help="processes at work at once (default: 2)")
    add(
        "--output", type=Path, default=Path("benchmark"),
        help="folder for outcomes, table and plots; finished cases found there are kept (default: benchmark)",
    )  # fmt: skip
    tracker.set_defaults(run=run_tracker)
    confidence = subjects.add_parser(
        "confidence",
        help="fit the tracker's confidence to simulated videos of seeds that no benchmark judges by",
    )
    add = confidence.add_argument
    add("--motions", type=int, default=12, help="of each tool, with artefacts (default: 12)")
    add("--bad", type=int, default=20, help="videos of which no pose is right (default: 20)")
    add("--seed", type=int, default=100, help="of the first motion (default: 100)")
    add("--workers", type=int, default=2, help="processes at work at once (default: 2)")
    add(
        "--output",
        type=Path,
        default=Path("confidence"),
        help="folder for the poses; resumable (default: confidence)",
    )
    confidence.set_defaults(run=run_confidence)
    motion = subjects.add_parser(
        "motion", help="planning times, limits kept, and how well the cell's arms follow"
    )
    add = motion.add_argument
    add("--scenes", type=int, default=20, help="random two-arm tasks to plan (default: 20)")
    add("--paths", type=int, default=200, help="random paths to plan within the limits (default: 200)")
    add("--follow", type=int, default=3, help="motions to run in the cell, per speed scale (default: 3)")
    add("--seed", type=int, default=900_000, help="of the first (default: 900000)")
    add("--workers", type=int, default=2, help="processes that plan random paths (default: 2)")
    add(
        "--output", type=Path, default=Path("benchmark"),
        help="folder for the random paths' outcomes; those found there are kept (default: benchmark)",
    )  # fmt: skip
    motion.set_defaults(run=run_motion)
    generator = subjects.add_parser(
        "generator", help="time and memory of the video model, next to diffusers' own pipeline"
    )
    add = generator.add_argument
    add("--model", default="small", help="a file in config/models; svd_xt needs a GPU (default: small)")
    add("--memory", default="24GB", help="memory preset (default: 24GB)")
    add("--steps", type=int, default=30, help="of sampling, for both pipelines (default: 30)")
    add("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    add("--seed", type=int, default=0, help="of weights and noise (default: 0)")
    generator.set_defaults(run=run_generator)
    imagination = subjects.add_parser(
        "imagination", help="a trained model's videos of unseen scenes: tool poses against the expert's"
    )
    add = imagination.add_argument
    add("--model", required=True, help="one of the package dreamitate_models, or a model's folder")
    add("--task", default="rotate", help="a file in config/tasks (default: rotate)")
    add("--sampling", default="small", help="sampling preset (default: small)")
    add("--scenes", type=int, default=20, help="how many (default: 20)")
    add("--seed", type=int, default=900_000, help="of the first scene (default: 900000)")
    add("--workers", type=int, default=1, help="processes at work at once (default: 1)")
    add(
        "--output", type=Path, default=Path("benchmark"),
        help="folder for outcomes and contact sheet; scenes found there are kept (default: benchmark)",
    )  # fmt: skip
    imagination.set_defaults(run=run_imagination)
    acting = subjects.add_parser(
        "acting", help="an evaluation's tracked dreams acted out again, as the task's file now says"
    )
    acting.add_argument("--evaluation", type=Path, required=True, metavar="DIR", help="its folder")
    acting.add_argument(
        "--samples", type=int, default=1, metavar="N",
        help="of each scene the best of the first N dreams that it imagined (default: 1)",
    )  # fmt: skip
    acting.set_defaults(run=run_acting)
    physics = subjects.add_parser(
        "physics", help="how much faster or slower than real time each task simulates"
    )
    add = physics.add_argument
    add("--tasks", nargs="+", default=PAPER_TASKS, help=f"(default: {' '.join(PAPER_TASKS)})")
    add("--scenes", type=int, default=5, help="of each task (default: 5)")
    add("--seconds", type=float, default=1.0, help="simulated of each scene (default: 1)")
    add("--seed", type=int, default=900_000, help="of the first scene (default: 900000)")
    physics.set_defaults(run=run_physics)
    stops = subjects.add_parser(
        "stops", help="faults at random times: how soon and how far the cell's arms stop"
    )
    stops.add_argument("--rounds", type=int, default=1, help="trials of every fault (default: 1)")
    stops.add_argument("--seed", type=int, default=0, help="of the times (default: 0)")
    stops.set_defaults(run=run_stops)


def run_tracker(arguments: argparse.Namespace) -> int:
    """Run it and print the table; always 0, for a figure is no failure."""
    from dreamitate_ros.benchmark.tracker import benchmark_tracker

    print(
        benchmark_tracker(
            arguments.motions, arguments.bad, arguments.seed, arguments.workers, arguments.output
        )
    )
    return 0


def run_confidence(arguments: argparse.Namespace) -> int:
    """Fit it and print the scales, for track/confidence.py; always 0."""
    from dreamitate_ros.benchmark.calibration import calibrate_confidence

    print(
        calibrate_confidence(
            arguments.motions, arguments.bad, arguments.seed, arguments.workers, arguments.output
        )
    )
    return 0


def run_motion(arguments: argparse.Namespace) -> int:
    """Run it and print the figures; always 0."""
    from dreamitate_ros.benchmark.arm_motion import benchmark_motion
    from dreamitate_ros.benchmark.random_paths import benchmark_paths

    outcomes = arguments.output / "random_paths.jsonl"
    print(benchmark_paths(arguments.paths, arguments.seed, arguments.workers, outcomes))
    print(
        benchmark_motion(
            arguments.scenes, arguments.follow, arguments.seed, lambda _, what: print(what, flush=True)
        )
    )
    return 0


def run_generator(arguments: argparse.Namespace) -> int:
    """Run it and print each figure as it is found; always 0."""
    from dreamitate_ros.benchmark.generator import benchmark_generator

    benchmark_generator(
        arguments.model,
        arguments.memory,
        arguments.steps,
        arguments.device,
        arguments.seed,
        lambda line: print(line, flush=True),
    )
    return 0


def run_imagination(arguments: argparse.Namespace) -> int:
    """Run it and print the figures; always 0."""
    from dreamitate_ros.benchmark.imagination import SHEET, benchmark_imagination
    from dreamitate_ros.configuration import model_directory

    print(
        benchmark_imagination(
            arguments.task,
            model_directory(arguments.model),
            arguments.sampling,
            arguments.scenes,
            arguments.seed,
            arguments.workers,
            arguments.output,
        )
    )
    print(f"contact sheet: {arguments.output / SHEET}")
    return 0


def run_acting(arguments: argparse.Namespace) -> int:
    """Act out and print each scene's line as it ends; always 0."""
    from dreamitate_ros.benchmark.acting import benchmark_acting

    for line in benchmark_acting(arguments.evaluation, arguments.samples):
        print(line, flush=True)
    return 0


def run_physics(arguments: argparse.Namespace) -> int:
    """Run it and print each task's figure as it is found; always 0."""
    from dreamitate_ros.benchmark.physics import benchmark_physics

    for line in benchmark_physics(arguments.tasks, arguments.scenes, arguments.seconds, arguments.seed):
        print(line, flush=True)
    return 0


def run_stops(arguments: argparse.Namespace) -> int:
    """Run it and print the table; always 0."""
    from dreamitate_ros.nodes.bringup import private_domain
    from dreamitate_ros.nodes.stop_trials import benchmark_stops, stop_table

    os.environ["ROS_DOMAIN_ID"] = private_domain()
    trials = []
    try:
        for trial in benchmark_stops(arguments.rounds, arguments.seed):
            trials.append(trial)
            print(f"{trial.fault}: {trial.error}", flush=True)
    finally:  # of those that were done, whatever ended it
        print(stop_table(trials))
    return 0

"""The command `dreamitate`: a thin front to the package. Commands import what they need when they run."""

import argparse
import signal
import sys
from pathlib import Path
from typing import Any

from dreamitate_ros.baseline import command as baseline
from dreamitate_ros.benchmark import command as benchmark
from dreamitate_ros.calibrate import command as calibrate
from dreamitate_ros.demonstrate import command as demonstrate
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.evaluate import command as evaluate
from dreamitate_ros.fabricate import command as fabricate
from dreamitate_ros.generate.diffusion import commands as diffusion
from dreamitate_ros.record import command as record
from dreamitate_ros.track import command as track

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130


def parser() -> argparse.ArgumentParser:
    """All commands and their options."""
    top = argparse.ArgumentParser(
        prog="dreamitate", description="A robot acts out what a video model imagined."
    )
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="run a task in the simulated cell, end to end")
    demo.add_argument("--seed", type=_seed, default=900_000, help="which things lie where (default: 900000)")
    demo.add_argument(
        "--generator", choices=("oracle", "diffusion"), default="diffusion",
        help="what imagines: a small model that ships, or a scripted expert (default: diffusion)",
    )  # fmt: skip
    demo.set_defaults(run=_demo)

    run = commands.add_parser("run", help="run the chain on a stored experiment; the arms follow in the cell")
    run.add_argument(
        "--replay", type=Path, required=True, metavar="DIR", help="top.png, side.png and clip.mp4"
    )
    run.add_argument("--rig", type=Path, help="rig file of these images (default: the cell's)")
    run.add_argument(
        "--tool", action="append", default=[], metavar="ARM=DIR", help="an arm's tool folder; repeat"
    )
    run.set_defaults(run=_run)

    evaluate.add_arguments(commands.add_parser("evaluate", help="many trials, judged from ground truth"))

    for command, task in ((demo, "rotate_bold"), (run, "rotate")):
        command.add_argument("--task", default=task, help=f"a file in config/tasks (default: {task})")
        command.add_argument(
            "--episodes", type=Path, default=Path("episodes"), help="for episode folders (default: episodes)"
        )

    demonstrate.add_arguments(
        commands.add_parser("demonstrate", help="videos of scripted demonstrations, to train on")
    )

    baseline.add_arguments(
        commands.add_parser("label", help="track the tools in demonstrations, for the baseline to learn from")
    )

    tracking = commands.add_parser("track", help="track the tools in a stored clip")
    track.add_arguments(tracking)
    tracking.set_defaults(run=track.main)

    diffusion.add_new_model_arguments(
        commands.add_parser("new-model", help="make a model folder with random weights, to train")
    )
    diffusion.add_import_arguments(
        commands.add_parser("import-checkpoint", help="make a model folder from the original's checkpoints")
    )
    diffusion.add_parity_arguments(
        commands.add_parser("check-parity", help="compare the video model with the original's golden tensors")
    )

    calibration = commands.add_parser(
        "calibrate", help="where cameras, arms and table stand, from a printed board"
    )
    calibrate.add_arguments(calibration)
    calibration.set_defaults(run=calibrate.main)
    printing = commands.add_parser(
        "print-tool", help="a tool and its mount for a UR's flange as files for a 3D printer"
    )
    fabricate.add_arguments(printing)
    printing.set_defaults(run=fabricate.main)
    diffusion.add_train_arguments(
        commands.add_parser("train", help="train the video model on demonstrations")
    )

    recording = commands.add_parser(
        "record", help="record demonstrations with both cameras, by the space bar"
    )
    record.add_arguments(recording)
    recording.set_defaults(run=record.main)

    benchmark.add_arguments(commands.add_parser("benchmark", help="measure what the package can do"))

    doctor = commands.add_parser("doctor", help="say what is missing on this machine and how to get it")
    _add_doctor_arguments(doctor)
    doctor.set_defaults(run=_doctor)
    return top


def main(arguments: list[str] | None = None) -> int:
    """Entry point. Returns 0, 1 for a run that failed, 2 for bad input, 130 after Ctrl-C."""
    signal.signal(signal.SIGTERM, _interrupt)
    chosen = parser().parse_args(arguments)
    try:
        return int(chosen.run(chosen))
    except DreamitateError as error:
        print(f"error: {error.message}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print("interrupted; nothing moves any more", file=sys.stderr)
        return INTERRUPTED


def _demo(arguments: argparse.Namespace) -> int:
    from dreamitate_ros.nodes.commands import demo

    return demo(arguments.task, arguments.seed, arguments.generator, arguments.episodes)


def _run(arguments: argparse.Namespace) -> int:
    from dreamitate_ros.nodes.commands import replay

    return replay(arguments.task, arguments.replay, arguments.rig, _tools(arguments.tool), arguments.episodes)


def _add_doctor_arguments(doctor: argparse.ArgumentParser) -> None:
    add = doctor.add_argument_group("with --hardware").add_argument
    doctor.add_argument(
        "--hardware", action="store_true", help="look at the running cameras and arms instead"
    )
    add("--task", default="rotate", help="whose arms are looked at (default: rotate)")
    add("--rig", type=Path, help="calibrated rig (default: the simulated cell's)")
    add("--top-camera", default="top/color", help="namespace of the top camera's topics (default: top/color)")
    add("--side-camera", default="side/color", help="of the side camera's (default: side/color)")
    add("--camera-fps", type=float, default=30.0, help="that both cameras should send (default: 30)")
    add("--max-age", type=float, default=1.0, help="of an image when it arrives, in s (default: 1)")
    add("--stale", type=float, default=0.15, help="stale_s of trajectory_executor, in s (default: 0.15)")
    add("--controller", default="scaled_joint_trajectory_controller", help="that moves the joints")
    add("--mock-hardware", action="store_true", help="the arms are mock hardware, which has no modes")
    add("--seconds", type=float, default=5.0, help="how long to listen (default: 5)")


def _doctor(arguments: argparse.Namespace) -> int:
    from dreamitate_ros import doctor

    if not arguments.hardware:
        return doctor.main([])
    from dreamitate_ros.nodes.hardware_doctor import Cell, examine_hardware

    cell = Cell(
        task=arguments.task,
        rig=arguments.rig,
        top_camera=arguments.top_camera,
        side_camera=arguments.side_camera,
        camera_fps=arguments.camera_fps,
        max_age_s=arguments.max_age,
        stale_s=arguments.stale,
        controller=arguments.controller,
        mock=arguments.mock_hardware,
        seconds=arguments.seconds,
    )
    return doctor.report(examine_hardware(cell))


def _tools(entries: list[str]) -> dict[str, Path]:
    from dreamitate_ros.errors import ErrorCode

    tools = {}
    for entry in entries:
        arm, separator, directory = entry.partition("=")
        if not (arm and separator and directory):
            raise DreamitateError(
                ErrorCode.INVALID_PARAMETER, f"--tool takes ARM=DIR, like left=DIR, not '{entry}'"
            )
        tools[arm] = Path(directory)
    return tools


def _seed(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must be 0 or more")
    return value


def _interrupt(*_: Any) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())

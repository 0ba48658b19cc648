"""`dreamitate new-model`, `import-checkpoint`, `check-parity` and `train`; torch is imported when they run."""

import argparse
import sys
from pathlib import Path

from dreamitate_ros.interrupts import interrupts

DTYPES = ("float32", "bfloat16", "float16")


def add_new_model_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `dreamitate new-model`."""
    parser.add_argument("name", metavar="MODEL", help="a file in config/models, like small, or a .yaml file")
    parser.add_argument("--output", type=Path, required=True, help="folder for the model")
    parser.add_argument("--seed", type=int, default=0, help="of the random weights (default: 0)")
    parser.set_defaults(run=make_model)


def make_model(arguments: argparse.Namespace) -> int:
    """Write a model with random weights; returns 0. Raises DreamitateError for one that cannot be built."""
    from dreamitate_ros.configuration import config_directory
    from dreamitate_ros.errors import DreamitateError, ErrorCode
    from dreamitate_ros.generate.diffusion.description import load_description

    description = load_description(arguments.name, config_directory())
    if arguments.output.exists() and any(arguments.output.iterdir()):
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, f"{arguments.output} is not empty; give a new folder"
        )
    from dreamitate_ros.generate.diffusion.load import hide_foreign_progress
    from dreamitate_ros.generate.diffusion.new_model import new_model, parameters_m

    hide_foreign_progress()
    pipeline = new_model(description, arguments.seed)
    pipeline.save_pretrained(arguments.output)
    for name, count_m in parameters_m(pipeline).items():
        print(f"{name}: {count_m:.1f} M parameters")
    print(f"untrained model: {arguments.output}")
    return 0


def add_import_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `dreamitate import-checkpoint`."""
    parser.add_argument(
        "sources",
        nargs="+",
        type=Path,
        metavar="SRC",
        help="file of the original (.safetensors or a pickle of weights) or model folder of diffusers",
    )
    parser.add_argument("--output", type=Path, required=True, help="folder for the imported model")
    parser.add_argument(
        "--dtype", choices=DTYPES, default="float32", help="stored precision (default: float32)"
    )
    parser.add_argument(
        "--head-channels",
        type=int,
        metavar="N",
        help="channels of an attention head of the UNet, which no tensor tells (default: 64, as released)",
    )
    parser.set_defaults(run=import_checkpoint)


def import_checkpoint(arguments: argparse.Namespace) -> int:
    """Import; returns 0. Raises DreamitateError for what does not fit."""
    import torch

    from dreamitate_ros.generate.diffusion.checkpoint import convert

    imported = convert.import_checkpoint(
        arguments.sources,
        arguments.output,
        getattr(torch, arguments.dtype),
        arguments.head_channels,
        _print_progress,
    )
    print(f"{arguments.output}: {', '.join(imported.components)}")
    if imported.needless:
        print(f"left out: {imported.needless} tensors that imagining never uses")
    needed = ["unet", "vae"] if "image_encoder" in imported.components else ["unet", "vae", "text_encoder"]
    absent = [name for name in needed if name not in imported.components]
    if absent:
        print(f"still to import into the same folder: {', '.join(absent)}")
    return 0


def add_parity_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `dreamitate check-parity`."""
    parser.add_argument(
        "directory",
        type=Path,
        metavar="DIR",
        help="folder of the original's weights (*.safetensors) and cases (*.npz)",
    )
    parser.set_defaults(run=check_parity)


def check_parity(arguments: argparse.Namespace) -> int:
    """Print one line a case; returns 1 where one is not reproduced, else 0."""
    from dreamitate_ros.generate.diffusion.parity.check import check_directory

    return 0 if check_directory(arguments.directory, print) else 1


def add_train_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `dreamitate train`."""
    parser.add_argument(
        "config",
        type=Path,
        metavar="CONFIG",
        help="YAML file, like those in config/training; its keys: generate/diffusion/train/config.py",
    )
    parser.add_argument("--cpu", action="store_true", help="train on the CPU even where there is a GPU")
    parser.set_defaults(run=train)


def train(arguments: argparse.Namespace) -> int:
    """Train, or go on from the newest checkpoint; Ctrl-C saves one first. Returns 0, or 130 after Ctrl-C."""
    from dreamitate_ros.errors import Cancelled
    from dreamitate_ros.generate.diffusion.train.config_file import load_training
    from dreamitate_ros.generate.diffusion.train.start import train as run

    config = load_training(arguments.config)
    try:
        with interrupts() as interrupted:
            folder = run(config, _print_progress, interrupted, cpu=arguments.cpu)
    except Cancelled:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 130
    print(f"trained model: {folder}")
    return 0


def _print_progress(fraction: float, text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{100 * fraction:3.0f} %  {text:<40}", end="\n" if fraction >= 1 else "", file=sys.stderr)

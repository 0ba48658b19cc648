"""`dreamitate import-checkpoint`, `check-parity` and `train`; torch is imported when they run."""

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

DTYPES = ("float32", "bfloat16", "float16")


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
    parser.add_argument("config", type=Path, metavar="CONFIG", help="YAML file; its keys: train/config.py")
    parser.add_argument("--cpu", action="store_true", help="train on the CPU even where there is a GPU")
    parser.set_defaults(run=train)


def train(arguments: argparse.Namespace) -> int:
    """Train, or go on from the newest checkpoint; Ctrl-C saves one first. Returns 0, or 130 after Ctrl-C."""
    from dreamitate_ros.errors import Cancelled
    from dreamitate_ros.generate.diffusion.train.config import load_training
    from dreamitate_ros.generate.diffusion.train.loop import train as run

    config = load_training(arguments.config)
    try:
        with _interrupts() as interrupted:
            folder = run(config, _print_progress, interrupted, cpu=arguments.cpu)
    except Cancelled:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 130
    print(f"trained model: {folder}")
    return 0


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """Says whether Ctrl-C or SIGTERM came, in place of what they do otherwise."""
    came = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: came.set()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield came.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _print_progress(fraction: float, text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{100 * fraction:3.0f} %  {text:<40}", end="\n" if fraction >= 1 else "", file=sys.stderr)

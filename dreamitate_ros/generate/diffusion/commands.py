"""`dreamitate import-checkpoint` and `dreamitate check-parity`; torch is imported when they run."""

import argparse
import sys
from pathlib import Path

DTYPES = ("float32", "bfloat16", "float16")


def add_import_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `dreamitate import-checkpoint`."""
    parser.add_argument(
        "sources",
        nargs="+",
        type=Path,
        metavar="SRC",
        help="files of the original: .safetensors or a pickle of weights",
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
    absent = [name for name in ("unet", "vae", "text_encoder") if name not in imported.components]
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


def _print_progress(fraction: float, text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{100 * fraction:3.0f} %  {text:<20}", end="\n" if fraction >= 1 else "", file=sys.stderr)

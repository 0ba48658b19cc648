"""`dreamitate calibrate`: print a board, make a rig file from photos of it, or find where a tool is on its flange."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from dreamitate_ros.calibrate.board import PAPERS_MM, Board, board_from
from dreamitate_ros.errors import DreamitateError, ErrorCode

if TYPE_CHECKING:
    from dreamitate_ros.calibrate.pivot import Pivot


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `dreamitate calibrate`."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--print-board", type=Path, metavar="PDF", help="write the board to print, true to size"
    )
    what.add_argument("--recording", type=Path, metavar="DIR", help="photos of the board and recording.yaml")
    what.add_argument(
        "--pivot", type=Path, metavar="YAML", help="joints_rad of poses around a tool's resting tip"
    )
    parser.add_argument(
        "--mount",
        type=Path,
        metavar="YAML",
        help="a mount's drawing as steps; with --pivot, moved to the tip",
    )
    parser.add_argument(
        "--output", type=Path, default=Path("rig.yaml"), help="rig file to write (default: rig.yaml)"
    )
    parser.add_argument("--size", default="768x448", help="of the video model's images (default: 768x448)")
    parser.add_argument("--paper", choices=sorted(PAPERS_MM), default="A4", help="to print on (default: A4)")
    parser.add_argument(
        "--board", default="", metavar="KEY=VALUE,...", help=f"another board to print (default: {Board()})"
    )


def main(arguments: argparse.Namespace) -> int:
    """Returns 0; raises DreamitateError for everything that a person has to change."""
    if arguments.print_board is not None:
        from dreamitate_ros.calibrate.print_board import write_board

        board = board_from_text(arguments.board)
        _require_folder(arguments.print_board)
        write_board(arguments.print_board, board, arguments.paper)
        print(f"written: {arguments.print_board} ({board})")
    elif arguments.recording is not None:
        _calibrate(arguments)
    else:
        _tool(arguments)
    return 0


def _tool(arguments: argparse.Namespace) -> None:
    """Its tip, its mount, or its mount moved to its tip."""
    from dreamitate_ros.calibrate.mount import mount_text, moved_to, read_mount
    from dreamitate_ros.calibrate.pivot import find_tip, read_poses

    if arguments.mount is None and arguments.pivot is None:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            "say what to do: --print-board PDF, --recording DIR, --pivot YAML, or --mount YAML",
        )
    pivot = None if arguments.pivot is None else find_tip(read_poses(arguments.pivot))
    if pivot is not None:
        print(f"# {_tip_text(pivot)}")
    if arguments.mount is None:
        return
    mount = read_mount(arguments.mount)
    if pivot is not None:
        mount, off_m = moved_to(mount, pivot)
        print(f"# moved by {1e3 * off_m:.1f} mm from the drawing")
    print(mount_text(mount))


def _tip_text(pivot: "Pivot") -> str:
    x, y, z = pivot.tip_m
    return f"tip in the flange's frame: [{x:.5f}, {y:.5f}, {z:.5f}] m, residual {1e3 * pivot.rms_m:.2f} mm"


def _calibrate(arguments: argparse.Namespace) -> None:
    from dreamitate_ros.calibrate.calibration import calibrate, report, write_rig
    from dreamitate_ros.calibrate.recording import read_recording

    width, height = _size(arguments.size)
    _require_folder(arguments.output)
    calibration = calibrate(read_recording(arguments.recording), lambda fraction, what: None, lambda: False)
    print("\n".join(report(calibration)))
    write_rig(arguments.output, calibration, width, height)
    print(f"written: {arguments.output}")


def _require_folder(path: Path) -> None:
    """Before the work, not after it."""
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, f"{path} cannot be written; give a file in a folder that exists"
        )


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit() and int(width) and int(height)):
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, f"--size takes WIDTHxHEIGHT, like 768x448, not '{text}'"
        )
    return int(width), int(height)


def board_from_text(text: str) -> Board:
    """A board written like columns=9,rows=6,square_m=0.03,marker_m=0.022; raises INVALID_PARAMETER."""
    entries = dict(entry.partition("=")[::2] for entry in text.split(",") if entry)
    return board_from({key: _value(value) for key, value in entries.items()})


def _value(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text

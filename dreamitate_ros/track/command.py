"""`dreamitate track`: the tools in one stored clip, to a JSON file and an overlay video."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dreamitate_ros.errors import DreamitateError, ErrorCode

if TYPE_CHECKING:
    from dreamitate_ros.tool import Tool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `dreamitate track`."""
    add = parser.add_argument
    add("--clip", type=Path, required=True, help="the imagined clip: top view, then side view without time 0")
    add("--top-photo", type=Path, required=True, help="the photo of the top camera, uncropped")
    add("--side-photo", type=Path, required=True, help="the photo of the side camera, uncropped")
    add("--rig", type=Path, required=True, help="rig file for images of the clip's size")
    add(
        "--tool",
        action="append",
        required=True,
        metavar="NAME=DIR",
        help="a tool and its mesh folder; repeat",
    )
    add("--output", type=Path, required=True, help="where to write the tracks (JSON)")
    add("--overlay", type=Path, help="where to write the overlay video (mp4)")
    add("--plots", type=Path, help="where to write the pose's components over time (png, svg or pdf)")
    add("--fps", type=float, default=6.0, help="imagined frames per second (default: 6)")
    add("--times", type=int, default=13, help="times per view, the photo included (default: 13)")
    add("--gate", type=float, default=0.5, help="least confidence of a good pose, 0..1 (default: 0.5)")


def main(arguments: argparse.Namespace) -> int:
    """Track and write; 0 when every tool was followed well, 1 when not or on an error (one line on stderr)."""
    try:
        _track(arguments)
    except DreamitateError as error:
        print(f"dreamitate track: {error.code.name}: {error.message}", file=sys.stderr)
        return 1
    return 0


def _track(arguments: argparse.Namespace) -> None:
    from dreamitate_ros.capture.photos import crop_photos, read_photo
    from dreamitate_ros.generate.clip import unpack_clip
    from dreamitate_ros.generate.video_file import read_frames, write_frames
    from dreamitate_ros.rig import load_rig
    from dreamitate_ros.task import require_range
    from dreamitate_ros.track.gate import require_confident
    from dreamitate_ros.track.overlay import draw_overlay
    from dreamitate_ros.track.plots import draw_plots
    from dreamitate_ros.track.tracker import track_tools
    from dreamitate_ros.track.tracks_file import write_tracks
    from dreamitate_ros.values import StereoImage

    fps = require_range("--fps", arguments.fps, 0.1, 240.0)
    gate = require_range("--gate", arguments.gate, 0.0, 1.0)
    for path in filter(None, (arguments.output, arguments.overlay, arguments.plots)):
        _require_writable(path)
    rig = load_rig(arguments.rig)
    tools = [_load(text) for text in arguments.tool]
    photos = StereoImage(read_photo(arguments.top_photo), read_photo(arguments.side_photo))
    frames = read_frames(arguments.clip)
    photos = crop_photos(photos, frames.shape[2], frames.shape[1])
    video = unpack_clip(frames, photos, fps, arguments.times)
    tracks = track_tools(video, rig, tools, _print_progress, lambda: False)
    write_tracks(arguments.output, tracks)
    if arguments.overlay is not None:
        write_frames(arguments.overlay, draw_overlay(video, rig, tools, tracks), fps)
    if arguments.plots is not None:
        draw_plots(arguments.plots, tracks)
    require_confident(tracks, gate)
    for track in tracks:
        print(f"{track.tool}: {int((track.confidence >= gate).sum())} of {len(track.times_s)} times")


def _load(text: str) -> "Tool":
    from dreamitate_ros.tool import load_tool

    name, separator, directory = text.partition("=")
    if not separator or not name or not directory:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"--tool must read NAME=DIR, like left=tools/block_left; found '{text}'",
        )
    return load_tool(name, Path(directory))


def _require_writable(path: Path) -> None:
    if not path.absolute().parent.is_dir():
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"cannot write {path}: the folder {path.absolute().parent} does not exist",
        )


def _print_progress(fraction: float, text: str) -> None:
    print(f"{100 * fraction:3.0f} %  {text}", file=sys.stderr)

"""`dreamitate print-tool`: what a 3D printer needs to make a tool, for a hand and for a UR's flange."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `dreamitate print-tool`."""
    parser.add_argument("tool", help="a folder with a mesh and tool.yaml, or a name in config/tools")
    parser.add_argument(
        "--output", type=Path, default=Path("prints"), help="folder for the files (default: prints)"
    )


def main(arguments: argparse.Namespace) -> int:
    """Returns 0; raises DreamitateError for what cannot be loaded, closed or written."""
    from dreamitate_ros.fabricate.files import named_tool, write_files
    from dreamitate_ros.fabricate.mount import SCREWS

    for path, what in write_files(named_tool(arguments.tool), arguments.output):
        print(f"{path}  {what}")
    print(f"for the flange: {SCREWS}")
    return 0

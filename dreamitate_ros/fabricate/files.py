"""The files of one tool: two meshes, a picture, and the pattern of a tool that has one."""

from pathlib import Path

import cv2
import trimesh

from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.fabricate.mount import on_flange
from dreamitate_ros.fabricate.pattern import draw_pattern
from dreamitate_ros.fabricate.preview import draw
from dreamitate_ros.fabricate.solid import solid
from dreamitate_ros.tool import Tool, load_tool

MM_PER_M = 1000.0


def named_tool(name: str) -> Tool:
    """The tool of config/tools by that name, or in the folder of that name; raises INVALID_TOOL."""
    known = config_directory() / "tools" / name
    directory = known if known.is_dir() else Path(name)
    if not directory.is_dir():
        names = sorted(path.name for path in known.parent.iterdir() if path.is_dir())
        raise DreamitateError(
            ErrorCode.INVALID_TOOL, f"there is no tool '{name}'; give a folder or one of {', '.join(names)}"
        )
    return load_tool(directory.resolve().name, directory)


def write_files(tool: Tool, folder: Path) -> list[tuple[Path, str]]:
    """Write them and return each with what it is; a tool without texture has no pattern.

    Raises DreamitateError: INVALID_TOOL when the mesh cannot be closed, INVALID_PARAMETER when the folder cannot be
    written.
    """
    for_hand, for_flange, pattern = solid(tool), on_flange(tool), draw_pattern(tool)
    picture = folder / f"{tool.name}.png"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = [
            _write_stl(for_hand, folder / f"{tool.name}_mm.stl"),
            _write_stl(for_flange, folder / f"{tool.name}_on_flange_mm.stl"),
        ]
        picture.write_bytes(cv2.imencode(".png", draw(for_flange)[..., ::-1])[1].tobytes())
        written.append((picture, "a picture of it"))
        if pattern is not None:
            path = folder / f"{tool.name}_pattern.pdf"
            pattern.savefig(path, format="pdf")
            written.append((path, "print at 100 %, cut out, glue on"))
    except OSError as error:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, f"{folder} cannot be written ({error.strerror}); give another folder"
        ) from None
    return written


def _write_stl(mesh: trimesh.Trimesh, path: Path) -> tuple[Path, str]:
    """In mm, as slicers read an STL, standing on the bed."""
    scaled = mesh.copy()
    scaled.apply_scale(MM_PER_M)
    scaled.apply_translation([0.0, 0.0, -scaled.bounds[0, 2]])
    path.write_bytes(trimesh.exchange.stl.export_stl(scaled))
    length, width, height = scaled.extents
    return path, f"{length:.0f} x {width:.0f} x {height:.0f} mm, {scaled.volume / 1000:.0f} ml if solid"

"""A tool's mesh as one closed solid, as a printer needs it."""

import numpy as np
import trimesh

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.tool import Tool


def solid(tool: Tool) -> trimesh.Trimesh:
    """One closed mesh, metres, tool frame: all parts joined, an open end of one closed by a flat lid.

    Raises DreamitateError(INVALID_TOOL) where a part cannot be closed so.
    """
    shape = trimesh.Trimesh(tool.mesh.vertices, tool.mesh.faces)
    shape.merge_vertices()
    shape.update_faces(shape.nondegenerate_faces())
    return joined([_closed(part, tool) for part in shape.split(only_watertight=False)])


def joined(solids: list[trimesh.Trimesh]) -> trimesh.Trimesh:
    """The union of closed meshes."""
    return trimesh.boolean.union(solids, engine="manifold")


def _closed(part: trimesh.Trimesh, tool: Tool) -> trimesh.Trimesh:
    if not part.is_watertight:
        lid = trimesh.repair.stitch(part, faces=np.arange(len(part.faces)))
        part = trimesh.Trimesh(part.vertices, np.concatenate([part.faces, lid]))
    part.fix_normals()
    if not part.is_volume:
        raise DreamitateError(
            ErrorCode.INVALID_TOOL,
            f"{tool.mesh_path} cannot be printed: a part of it is open or its faces cross; close it in a CAD program"
            " and export it again",
        )
    return part

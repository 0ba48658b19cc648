"""The bracket that holds a tool on the flange: a round plate and a stem. The arms are checked with what is printed."""

from dataclasses import dataclass

import numpy as np
import trimesh

from dreamitate_ros.geometry import apply
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Array

PLATE_RADIUS_M, PLATE_M = 0.0315, 0.010  # ISO 9409-1-50-4-M6: the flange is 63 mm wide
STEM_RADIUS_M = 0.014
REACH_M = 0.020  # of the stem into the tool


@dataclass(frozen=True)
class Bracket:
    """The plate lies on the flange; the stem is a capsule of STEM_RADIUS_M from `start_m` to `end_m`, (3,) flange."""

    start_m: Array
    end_m: Array


def bracket(tool: Tool) -> Bracket:
    """From the plate's face by the shortest way to the tool, and a little further."""
    start_m = np.array([0.0, 0.0, PLATE_M])
    triangles = apply(tool.flange_from_tool, tool.mesh.triangles.reshape(-1, 3)).reshape(-1, 3, 3)
    points = trimesh.triangles.closest_point(triangles, np.tile(start_m, (len(triangles), 1)))
    ways_m = points - start_m
    way_m = ways_m[np.linalg.norm(ways_m, axis=1).argmin()]
    return Bracket(start_m, start_m + way_m * (1 + REACH_M / np.linalg.norm(way_m)))

"""A tool in one piece with its mount for a UR's flange."""

import numpy as np
import trimesh

from dreamitate_ros.execute.bracket import PLATE_M, PLATE_RADIUS_M, STEM_RADIUS_M, Bracket, bracket
from dreamitate_ros.fabricate.solid import joined, solid
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Array

# ISO 9409-1-50-4-M6, the flange of UR3e to UR16e: four M6 on a circle of 50 mm; the pin lies on the connector's side.
BOLT_CIRCLE_RADIUS_M = 0.025
BOLT_ANGLES_RAD = np.deg2rad([45.0, 135.0, 225.0, 315.0])  # about z of tool0
PIN_ANGLE_RAD = np.deg2rad(270.0)
BOLT_HOLE_RADIUS_M = 0.0032  # medium fit (ISO 273)
PIN_HOLE_RADIUS_M = 0.0031
HEAD_RADIUS_M = 0.0055  # of a cap screw (ISO 4762) and the room around it
UNDER_HEAD_M = 0.006  # of the plate below a screw's head: with 6 mm of thread in the flange, M6 x 12
SCREWS = "four M6 x 12 cap screws (ISO 4762); a pin of 6 mm if it must come off and go back to the same place"
BEYOND_M = 0.3  # further than any mount: what a key needs to reach a screw
UP = np.array([0.0, 0.0, 1.0])


def on_flange(tool: Tool) -> trimesh.Trimesh:
    """The tool with its mount, one closed mesh: metres, in the flange's frame (tool0), which the plate's back lies on.

    Raises DreamitateError(INVALID_TOOL) when the tool's mesh cannot be closed.
    """
    held = solid(tool)
    held.apply_transform(tool.flange_from_tool)
    return joined([held, mount(bracket(tool))])


def mount(shape: Bracket) -> trimesh.Trimesh:
    """The mount alone, closed: metres, in the flange's frame."""
    plate = _cylinder(PLATE_RADIUS_M, np.zeros(3), PLATE_M * UP)
    stem = trimesh.util.concatenate([_ball(shape.start_m), _ball(shape.end_m)]).convex_hull
    flange = _cylinder(PLATE_RADIUS_M, -PLATE_M * UP, np.zeros(3))
    return trimesh.boolean.difference([joined([plate, stem]), flange, *_holes()], engine="manifold")


def _holes() -> list[trimesh.Trimesh]:
    """Through the plate, each screw's head sunk and the way of a key to it free."""
    bolts = [_on_circle(angle) for angle in BOLT_ANGLES_RAD]
    return [
        *(_cylinder(BOLT_HOLE_RADIUS_M, at - PLATE_M * UP, at + PLATE_M * UP) for at in bolts),
        *(_cylinder(HEAD_RADIUS_M, at + UNDER_HEAD_M * UP, at + BEYOND_M * UP) for at in bolts),
        _cylinder(
            PIN_HOLE_RADIUS_M,
            _on_circle(PIN_ANGLE_RAD) - PLATE_M * UP,
            _on_circle(PIN_ANGLE_RAD) + BEYOND_M * UP,
        ),
    ]


def _on_circle(angle_rad: float) -> Array:
    return BOLT_CIRCLE_RADIUS_M * np.array([np.cos(angle_rad), np.sin(angle_rad), 0.0])


def _cylinder(radius_m: float, start_m: Array, end_m: Array) -> trimesh.Trimesh:
    return trimesh.creation.cylinder(radius_m, segment=[start_m, end_m], sections=64)


def _ball(centre_m: Array) -> trimesh.Trimesh:
    ball = trimesh.creation.icosphere(subdivisions=4, radius=STEM_RADIUS_M)
    ball.apply_translation(centre_m)
    return ball

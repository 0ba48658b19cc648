"""How far a pose is to be believed, 0..1, from what was measured."""

from dataclasses import dataclass

import numpy as np

from dreamitate_ros.track.look import Look


@dataclass(frozen=True)
class Measured:
    """What confidence is made of, at one time.

    agreement, silhouette, visible, inside: of the worse view, see Look. apart_px: how far the views disagree, in
    px at 768 of width. sigma_m, sigma_rad: standard deviation of position and rotation. alone: see smooth.Path; margin:
    upright.WayUp.
    """

    agreement: float
    silhouette: float
    visible: float
    inside: float
    apart_px: float
    sigma_m: float
    sigma_rad: float
    alone: float
    margin: float


def measured(
    looks: tuple[Look, Look], apart_px: float, sigma_m: float, sigma_rad: float, alone: float, margin: float
) -> Measured:
    """Of the worse of two views."""
    top, side = looks
    return Measured(
        min(top.agreement, side.agreement), min(top.silhouette, side.silhouette), min(top.visible, side.visible),
        min(top.inside, side.inside), apart_px, sigma_m, sigma_rad, alone, margin,
    )  # fmt: skip


@dataclass(frozen=True)
class Scale:
    """Where belief begins and where it is full. agreement, visible: of the worse view, see Look."""

    agreement: tuple[float, float]
    visible: tuple[float, float]


# A pattern that agrees leaves no doubt about the pose; an outline that agrees less than almost fully leaves some.
TEXTURED, PLAIN = Scale((0.55, 0.72), (0.10, 0.30)), Scale((0.80, 0.95), (0.30, 0.50))
APART_PX = (8.0, 20.0)


def confidence_of(seen: Measured, textured: bool) -> float:
    """0..1 how far a pose is to be believed; a gate of 0.5 is meant to tell good from bad."""
    scale = TEXTURED if textured else PLAIN
    likeness = _rise(seen.agreement, *scale.agreement)
    visible = _rise(seen.inside * seen.visible, *scale.visible)
    return float(likeness * visible * (1.0 - _rise(seen.apart_px, *APART_PX)))


def _rise(value: float, low: float, high: float) -> float:
    """0 below low, 1 above high, straight between."""
    return float(np.clip((value - low) / (high - low), 0.0, 1.0))

"""How far a pose is to be believed, 0..1, from what was measured."""

from dataclasses import dataclass

import numpy as np

FEATURES = ("missing", "apart", "alone")
UNSURE, SURE = 1.0, 1.1  # margin of the way up, from which another way is out of the question


@dataclass(frozen=True)
class Measured:
    """What confidence is made of, at one time.

    agreement: of the worse view, see Look. apart_px: how far the views disagree, in px at 768 of width. alone: see
    smooth.Path; margin: see upright.WayUp.
    """

    agreement: float
    apart_px: float
    alone: float
    margin: float


def features(seen: Measured) -> tuple[float, ...]:
    """FEATURES: what lacks to full agreement, the views' disagreement, and leaps in time, by their logarithms."""
    amounts = (1.02 - seen.agreement, 1.0 + seen.apart_px, 1.0 + seen.alone)
    return tuple(float(np.log(amount)) for amount in amounts)


@dataclass(frozen=True)
class Scale:
    """A logistic of the features, for one family of tools. `dreamitate benchmark confidence` fits it: one half is
    where, in simulated videos with artefacts, 98 of 100 poses above are within 10 mm and 6 deg."""

    offset: float
    weights: tuple[float, ...]


SCALES = {
    "colorful": Scale(1.80, (-0.71, 0.00, -2.55)),
    "plain": Scale(-3.80, (-1.83, -0.18, -1.08)),
    "textured": Scale(0.54, (-0.77, -0.39, 0.00)),
}
"""By Appearance.family: agreement is another measure for each."""


def confidence_of(seen: Measured, family: str) -> float:
    """0..1 how far a pose of a tool of a family is to be believed; a gate of 0.5 tells good from bad."""
    scale = SCALES[family]
    evidence = scale.offset + float(np.dot(scale.weights, features(seen)))
    upright = np.clip((seen.margin - UNSURE) / (SURE - UNSURE), 0.0, 1.0)
    return float(upright / (1.0 + np.exp(-evidence)))

"""Which takes are of no use, from their exposure times alone."""

from dataclasses import dataclass

import numpy as np

from dreamitate_ros.values import Array

SHORTEST_SHARE = 0.6  # of the task's clip
MISSING_SHARE = 0.02  # of the frames
LONGEST_GAP_S = 0.12


@dataclass(frozen=True)
class Screening:
    """Of a take: fps, as the cameras ran; missing: frames that should lie between the others; longest_gap_s; worst and
    mean skew_s; reasons: why it is rejected, empty where it is not."""

    frames: int
    fps: float
    duration_s: float
    missing: int
    longest_gap_s: float
    worst_skew_s: float
    reasons: tuple[str, ...]


def screen(stamps_s: Array, clip_s: float, max_skew_s: float) -> Screening:
    """Judge the pairs' exposure times (N, 2). clip_s: how much a training clip shows."""
    if len(stamps_s) < 3:
        reason = f"only {len(stamps_s)} pairs of frames came; are both cameras running?"
        return Screening(len(stamps_s), 0.0, 0.0, 0, 0.0, 0.0, (reason,))
    gaps_s = np.diff(stamps_s[:, 0])
    period_s = float(np.median(gaps_s))
    skew_s = np.abs(stamps_s[:, 0] - stamps_s[:, 1])
    missing = int(np.maximum(np.round(gaps_s / period_s) - 1, 0).sum())
    duration_s, longest_s = float(stamps_s[-1, 0] - stamps_s[0, 0]), float(gaps_s.max())
    reasons = []
    if duration_s < SHORTEST_SHARE * clip_s:
        reasons.append(f"it lasts {duration_s:.1f} s; a clip of this task shows {clip_s:.1f} s")
    if missing > MISSING_SHARE * len(stamps_s):
        reasons.append(
            f"{missing} of {missing + len(stamps_s)} frames are missing; use USB 3 ports of two controllers, or a lower"
            " camera_fps"
        )
    if longest_s > max(LONGEST_GAP_S, 1.5 * period_s):
        at_s = float(stamps_s[int(gaps_s.argmax()), 0] - stamps_s[0, 0])
        reasons.append(f"the cameras paused for {longest_s:.2f} s, {at_s:.1f} s after the start")
    if skew_s.max() > max_skew_s:
        reasons.append(
            f"the cameras are up to {1e3 * skew_s.max():.0f} ms apart; {1e3 * max_skew_s:.0f} ms are allowed"
        )
    return Screening(
        len(stamps_s),
        _round_fps(period_s),
        duration_s,
        missing,
        longest_s,
        float(skew_s.max()),
        tuple(reasons),
    )


def _round_fps(period_s: float) -> float:
    """Cameras run at whole rates; two decimals for those that do not."""
    fps = 1 / period_s
    return float(round(fps)) if abs(fps - round(fps)) < 0.02 * fps else round(fps, 2)

"""The number that matters: how far the tools are from the truth, where our tracker finds them in a video."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from dreamitate_ros.benchmark.score import difference
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.geometry import apply, project
from dreamitate_ros.rig import Rig
from dreamitate_ros.tool import Tool
from dreamitate_ros.track.gate import require_confident
from dreamitate_ros.track.tracker import track_tools
from dreamitate_ros.track.views_apart import views_apart_px
from dreamitate_ros.values import Array, StereoVideo, Stop, ToolTrack

IN_VIEW = 0.5  # share of a tool that both views must show for a pose to be wanted
REFUSALS = (ErrorCode.TRACKING_LOST, ErrorCode.LOW_CONFIDENCE)


@dataclass(frozen=True)
class PoseErrors:
    """Of all believed poses (those above the gate) of some videos: mm, deg (N,).

    apart_px: (M,) how far the two views disagree about a tool, at each time at which it was seen, in px of a
    768 px wide image. believed, wanted: of the times at which both views show the tool. refused: of the videos, by
    the gate. doubted: (K, 2) mm and deg of the poses that were found there and not believed, which tell how a
    training goes on before the first one is.
    """

    mm: Array
    deg: Array
    apart_px: Array
    believed: int
    wanted: int
    refused: int
    videos: int
    doubted: Array = field(default_factory=lambda: np.zeros((0, 2)))

    def __add__(self, other: "PoseErrors") -> "PoseErrors":
        return PoseErrors(
            np.concatenate([self.mm, other.mm]),
            np.concatenate([self.deg, other.deg]),
            np.concatenate([self.apart_px, other.apart_px]),
            self.believed + other.believed,
            self.wanted + other.wanted,
            self.refused + other.refused,
            self.videos + other.videos,
            np.concatenate([self.doubted, other.doubted]),
        )

    @property
    def median_mm(self) -> float:
        """NaN where no pose was believed, as for the others."""
        return _percentile(self.mm, 50)

    @property
    def median_deg(self) -> float:
        """Of the rotations."""
        return _percentile(self.deg, 50)

    @property
    def found(self) -> Array:
        """(N + K, 2) mm and deg, believed or not."""
        return np.concatenate([np.column_stack([self.mm, self.deg]), self.doubted])

    def __str__(self) -> str:
        known = (
            f"median {self.median_mm:.1f} mm {self.median_deg:.1f} deg,"
            f" 90th percentile {_percentile(self.mm, 90):.1f} mm {_percentile(self.deg, 90):.1f} deg;"
            f" views {_percentile(self.apart_px, 50):.1f} px apart;"
            f" {self.believed} of {self.wanted} poses believed, {self.refused} of {self.videos} videos refused"
        )
        if not len(self.doubted):
            return known
        mm, deg = np.median(self.found, axis=0)
        return f"{known}; all {len(self.found)} found, believed or not: median {mm:.1f} mm {deg:.1f} deg"


def pose_errors(
    video: StereoVideo,
    rig: Rig,
    tools: Mapping[str, Tool],
    truth: Sequence[ToolTrack],
    gate: float,
    stop: Stop,
) -> PoseErrors:
    """Of one video, tracked. tools: by name; truth: where each was; gate: least confidence that is believed.

    Raises Cancelled.
    """
    tracks = track_tools(video, rig, [tools[true.tool] for true in truth], lambda *_: None, stop)
    errors, doubted, apart_px, wanted = list[Array](), list[Array](), list[float](), 0
    for track, true in zip(tracks, truth, strict=True):
        tool = tools[true.tool]
        seen = in_view(rig, tool, true.top_from_tool)
        for time in np.flatnonzero(seen & track.present):
            error = difference(track.top_from_tool[time], true.top_from_tool[time], tool.symmetry)
            (errors if track.confidence[time] >= gate else doubted).append(np.array(error))
        wanted += int(seen.sum())
        apart_px += views_apart_px(track, rig.top.width).tolist()
    mm, deg = np.reshape(errors, (-1, 2)).T
    return PoseErrors(
        mm,
        deg,
        np.array(apart_px),
        len(errors),
        wanted,
        int(_is_refused(tracks, gate)),
        1,
        np.reshape(doubted, (-1, 2)),
    )


def in_view(rig: Rig, tool: Tool, top_from_tool: Array) -> NDArray[np.bool_]:
    """(T,) whether both views show enough of a tool; never at time 0, the photo."""
    vertices = np.asarray(tool.mesh.vertices)
    shares = []
    for camera, camera_from_top in ((rig.top, np.eye(4)), (rig.side, rig.side_from_top)):
        pixels = project(camera, apply(camera_from_top @ top_from_tool, vertices))
        inside = (pixels >= 0) & (pixels <= [camera.width - 1, camera.height - 1])
        shares.append(inside.all(axis=2).mean(axis=1))
    seen = np.min(shares, axis=0) >= IN_VIEW
    seen[0] = False
    return np.asarray(seen)


def _is_refused(tracks: Sequence[ToolTrack], gate: float) -> bool:
    try:
        require_confident(tracks, gate)
    except DreamitateError as error:
        if error.code not in REFUSALS:
            raise
        return True
    return False


def _percentile(values: Array, percent: float) -> float:
    return float(np.percentile(values, percent)) if len(values) else float("nan")

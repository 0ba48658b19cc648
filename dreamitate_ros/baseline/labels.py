"""What the baseline learns: tool poses tracked in the demonstrations' own videos, as a lab has them, or true ones.

tracks/000007.json        true poses, which only a simulated data set knows (demonstrate/dataset.py)
tracked/000007.json       what `dreamitate label` found in top/000007.mp4 and side/000007.mp4
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.clip import unpack_clip
from dreamitate_ros.generate.diffusion.train.demonstrations import Demonstration, read_clip, truth_path
from dreamitate_ros.rig import Rig
from dreamitate_ros.task import Task
from dreamitate_ros.tool import Tool
from dreamitate_ros.track.gate import require_confident
from dreamitate_ros.track.tracker import track_tools
from dreamitate_ros.track.tracks_file import read_tracks, write_tracks
from dreamitate_ros.values import StereoImage, ToolTrack
from dreamitate_ros.whole_file import whole

TRACKED, TRUE = "tracked", "true"
REFUSED = frozenset({ErrorCode.TRACKING_LOST, ErrorCode.LOW_CONFIDENCE})


def label_path(demonstration: Demonstration, labels: str) -> Path:
    """Where a demonstration's labels are. labels: TRACKED or TRUE."""
    true = truth_path(demonstration)
    return true if labels == TRUE else true.parent.parent / "tracked" / true.name


def read_labels(demonstration: Demonstration, labels: str, fps: float) -> list[ToolTrack]:
    """The tools' tracks, empty where they could not be tracked; raises INVALID_PARAMETER where there are none."""
    path = label_path(demonstration, labels)
    if path.is_file():
        return read_tracks(path, fps)
    cure = (
        f"`dreamitate label {path.parent.parent}` tracks the tools"
        if labels == TRACKED
        else "only a data set of `dreamitate demonstrate` has true poses; train on labels: tracked"
    )
    raise DreamitateError(ErrorCode.INVALID_PARAMETER, f"{path} is missing: {cure}")


@dataclass(frozen=True)
class Labeller:
    """Tracks the tools (arm -> Tool) of a task in its demonstrations. rig: for frames of the size to track in."""

    task: Task
    rig: Rig
    tools: Mapping[str, Tool]

    def __call__(self, demonstration: Demonstration) -> str:
        """Track, and keep the poses that reach the task's gate. Returns why there is none, "" for a label.

        Raises DreamitateError for a video that cannot be read.
        """
        top, task = self.rig.top, self.task
        frames = read_clip(demonstration, top.width, top.height, task.frames, task.fps)
        video = unpack_clip(frames[:-1], StereoImage(frames[0], frames[-1]), task.fps, task.frames)
        tools = [self.tools[arm] for arm in task.arm_tools]
        tracks, reason = track_tools(video, self.rig, tools, lambda *_: None, lambda: False), ""
        try:
            require_confident(tracks, task.confidence_gate)
        except DreamitateError as error:
            if error.code not in REFUSED:
                raise
            tracks, reason = [], error.message
        self._keep(demonstration, [_believed(track, task.confidence_gate) for track in tracks])
        return reason

    def _keep(self, demonstration: Demonstration, tracks: list[ToolTrack]) -> None:
        path = label_path(demonstration, TRACKED)
        path.parent.mkdir(exist_ok=True)
        with whole(path) as part:
            write_tracks(part, tracks)


def _believed(track: ToolTrack, gate: float) -> ToolTrack:
    """The track without its poses below the gate."""
    poses = np.where((track.confidence >= gate)[:, None, None], track.top_from_tool, np.nan)
    return replace(track, top_from_tool=poses)

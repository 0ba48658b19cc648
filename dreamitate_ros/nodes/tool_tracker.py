"""Action track_tools: a stereo video in, the tools' paths out, drawn over the video for a person to judge."""

import sys
import time

import numpy as np
from nav_msgs.msg import Path
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, QoSProfile
from sensor_msgs.msg import Image
from visualization_msgs.msg import Marker, MarkerArray

from dreamitate_msgs.action import TrackTools
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.nodes import messages, parameters
from dreamitate_ros.nodes.goals import Feedback, GoalFailed, GoalServer
from dreamitate_ros.nodes.images import compressed_message, image_message
from dreamitate_ros.nodes.latest_tools import LatestTools
from dreamitate_ros.nodes.lifetime import run_node
from dreamitate_ros.task import load_task
from dreamitate_ros.tool import Tool
from dreamitate_ros.track.gate import require_confident
from dreamitate_ros.track.overlay import draw_overlay
from dreamitate_ros.track.tracker import track_tools
from dreamitate_ros.values import Image as Frames
from dreamitate_ros.values import Stop, ToolTrack

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
TRACKING_SHARE = 0.9  # of the progress; the rest is drawing


class ToolTracker(Node):
    """Wires the action and the pictures for rviz to track_tools."""

    def __init__(self) -> None:
        super().__init__("tool_tracker")
        self._config = parameters.config(self)
        self._tools = LatestTools(self._config, parameters.tool_directories(self))
        self._rig = parameters.rig(self)
        self._overlay = self.create_publisher(Image, "~/overlay", LATCHED)
        self._markers = self.create_publisher(MarkerArray, "~/markers", LATCHED)
        self._paths: dict[str, Publisher] = {}
        self._goals = GoalServer(self, TrackTools, "track_tools", self._track)

    def close(self) -> None:
        """Stop the goal in work."""
        self._goals.close()

    def _track(self, goal: TrackTools.Goal, feedback: Feedback, stop: Stop) -> TrackTools.Result:
        started_s = time.monotonic()
        task = load_task(goal.task, self._config)
        tools = self._tools.of(task)
        video = messages.stereo_video(goal.video)

        def progress(fraction: float, what: str) -> None:
            feedback(stage=what, progress=TRACKING_SHARE * fraction)

        tracks = track_tools(video, self._rig, tools, progress, stop)
        feedback(stage="drawing the overlay", progress=TRACKING_SHARE)
        overlay = draw_overlay(video, self._rig, tools, tracks)
        self._show(goal, tools, tracks, overlay)
        result = TrackTools.Result(
            trajectory=messages.tool_trajectory_message(tracks, goal.video.header),
            overlay=[compressed_message(frame) for frame in overlay],
            compute_s=time.monotonic() - started_s,
        )
        try:
            require_confident(tracks, task.confidence_gate)
        except DreamitateError as error:
            raise GoalFailed(error, result) from None  # the overlay shows why
        return result

    def _show(
        self, goal: TrackTools.Goal, tools: list[Tool], tracks: list[ToolTrack], overlay: Frames
    ) -> None:
        """Publish what rviz shows: the last overlay frame, each path, each tool's mesh along its path."""
        header = goal.video.header
        self._overlay.publish(image_message(overlay[-1], header.stamp, header.frame_id))
        markers = MarkerArray()
        for tool, track in zip(tools, tracks, strict=True):
            poses = [messages.pose_message(pose) for pose in track.top_from_tool[track.present]]
            path = Path(header=header, poses=[messages.stamped_pose_message(pose, header) for pose in poses])
            if track.tool not in self._paths:
                self._paths[track.tool] = self.create_publisher(Path, f"~/path/{track.tool}", LATCHED)
            self._paths[track.tool].publish(path)
            confidence = track.confidence[track.present]
            for number, (pose, sure) in enumerate(zip(poses, confidence, strict=True)):
                markers.markers.append(_mesh_marker(header, tool, number, pose, float(sure)))
        self._markers.publish(markers)


def _mesh_marker(header: object, tool: Tool, number: int, pose: object, confidence: float) -> Marker:
    marker = Marker(header=header, ns=tool.name, id=number, type=Marker.MESH_RESOURCE, action=Marker.ADD)
    marker.mesh_resource, marker.mesh_use_embedded_materials = f"file://{tool.mesh_path.resolve()}", True
    marker.pose = pose
    marker.scale.x = marker.scale.y = marker.scale.z = 1.0
    marker.color.r, marker.color.g, marker.color.b = 1.0 - confidence, confidence, 0.2
    marker.color.a = float(np.clip(confidence, 0.2, 0.8))
    return marker


def main() -> int:
    """Entry point of `ros2 run dreamitate_ros tool_tracker`."""
    return run_node(ToolTracker)


if __name__ == "__main__":
    sys.exit(main())

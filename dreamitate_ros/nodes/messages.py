"""The one place where the core's values become ROS messages and back (their pixels: images.py)."""

from collections.abc import Sequence

import numpy as np
from builtin_interfaces.msg import Duration, Time
from geometry_msgs.msg import Pose, PoseStamped, Vector3
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from dreamitate_msgs.msg import ArmPlan, PathError, StereoPair, ToolTrajectory
from dreamitate_msgs.msg import StereoVideo as StereoVideoMessage
from dreamitate_msgs.msg import ToolTrack as ToolTrackMessage
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.geometry import transform
from dreamitate_ros.nodes.images import compressed_array, compressed_message, image_array, image_message
from dreamitate_ros.values import (
    ArmTrajectory,
    Array,
    Camera,
    Execution,
    StereoImage,
    StereoVideo,
    ToolPath,
    ToolTrack,
)

TOP_FRAME, SIDE_FRAME = "top_color_optical_frame", "side_color_optical_frame"


def seconds(time: Time | Duration) -> float:
    """A stamp or duration in s."""
    return float(time.sec + 1e-9 * time.nanosec)


def time_message(time_s: float) -> Time:
    """A stamp of time_s seconds."""
    sec, nanosec = divmod(round(time_s * 1e9), 10**9)
    return Time(sec=int(sec), nanosec=int(nanosec))


def duration_message(duration_s: float) -> Duration:
    """A duration of duration_s seconds."""
    sec, nanosec = divmod(round(duration_s * 1e9), 10**9)
    return Duration(sec=int(sec), nanosec=int(nanosec))


def pose_message(pose: Array) -> Pose:
    """A Pose of target_from_source (4, 4); NaN everywhere when the array is not finite."""
    message = Pose()
    known = np.isfinite(pose).all()
    quaternion = Rotation.from_matrix(pose[:3, :3]).as_quat() if known else np.full(4, np.nan)
    position = pose[:3, 3] if known else np.full(3, np.nan)
    message.position.x, message.position.y, message.position.z = map(float, position)
    q = message.orientation
    q.x, q.y, q.z, q.w = map(float, quaternion)
    return message


def stamped_pose_message(pose: Pose, header: Header) -> PoseStamped:
    """`pose` in the frame and at the time of `header`."""
    return PoseStamped(header=header, pose=pose)


def pose_array(message: Pose) -> Array:
    """target_from_source (4, 4) of a Pose; NaN everywhere when it is not finite or has no orientation."""
    p, q = message.position, message.orientation
    quaternion = np.array([q.x, q.y, q.z, q.w])
    position = np.array([p.x, p.y, p.z])
    if not np.isfinite([*position, *quaternion]).all() or np.linalg.norm(quaternion) < 1e-6:
        return np.full((4, 4), np.nan)
    return transform(Rotation.from_quat(quaternion).as_matrix(), position)


def camera_info_message(camera: Camera, stamp: Time | None = None, frame_id: str = "") -> CameraInfo:
    """The CameraInfo of a camera without distortion."""
    K = camera.K
    message = CameraInfo(width=camera.width, height=camera.height, distortion_model="plumb_bob")
    message.header.frame_id = frame_id
    if stamp is not None:
        message.header.stamp = stamp
    message.d = [0.0] * 5
    message.k = [float(k) for k in K.reshape(9)]
    message.r = [float(r) for r in np.eye(3).reshape(9)]
    message.p = [float(p) for p in np.column_stack([K, np.zeros(3)]).reshape(12)]
    return message


def camera(message: CameraInfo) -> Camera:
    """The pinhole camera of a CameraInfo (distortion is not modelled)."""
    return Camera(np.array(message.k, float).reshape(3, 3), message.width, message.height)


def stereo_pair_message(photos: StereoImage, top: Camera, side: Camera) -> StereoPair:
    """Photos with the cameras of exactly these pixels."""
    top_stamp, side_stamp = time_message(photos.top_stamp_s), time_message(photos.side_stamp_s)
    return StereoPair(
        top=image_message(photos.top, top_stamp, TOP_FRAME),
        side=image_message(photos.side, side_stamp, SIDE_FRAME),
        top_info=camera_info_message(top, top_stamp, TOP_FRAME),
        side_info=camera_info_message(side, side_stamp, SIDE_FRAME),
    )


def stereo_image(message: StereoPair) -> StereoImage:
    """The photos of a StereoPair; raises UNREADABLE_IMAGE, also when a view is empty."""
    for view, image in (("top", message.top), ("side", message.side)):
        if not image.data:
            raise DreamitateError(ErrorCode.UNREADABLE_IMAGE, f"the {view} photo of the goal is empty")
    return StereoImage(
        top=image_array(message.top),
        side=image_array(message.side),
        top_stamp_s=seconds(message.top.header.stamp),
        side_stamp_s=seconds(message.side.header.stamp),
    )


def stereo_video_message(video: StereoVideo, photos: StereoPair) -> StereoVideoMessage:
    """The video imagined for `photos`, whose stamps and cameras it keeps."""
    stamp = photos.top.header.stamp
    return StereoVideoMessage(
        header=photos.top.header,
        fps=float(video.fps),
        top=[compressed_message(frame, stamp, TOP_FRAME) for frame in video.top],
        side=[compressed_message(frame, stamp, SIDE_FRAME) for frame in video.side],
        top_info=photos.top_info,
        side_info=photos.side_info,
    )


def stereo_video(message: StereoVideoMessage) -> StereoVideo:
    """The frames of a StereoVideo; raises UNREADABLE_VIDEO, WRONG_CLIP_LENGTH or WRONG_CLIP_SIZE."""
    if not message.top or len(message.top) != len(message.side):
        raise DreamitateError(
            ErrorCode.WRONG_CLIP_LENGTH,
            f"the video has {len(message.top)} top and {len(message.side)} side frames;"
            " both views need the same times, at least one",
        )
    if not np.isfinite(message.fps) or message.fps <= 0:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, f"the video's fps must be above 0, found {message.fps}"
        )
    frames = [compressed_array(frame) for frame in (*message.top, *message.side)]
    sizes = sorted({f"{frame.shape[1]}x{frame.shape[0]}" for frame in frames})
    if len(sizes) > 1:
        raise DreamitateError(
            ErrorCode.WRONG_CLIP_SIZE,
            f"the video mixes frame sizes {', '.join(sizes)} px; all must be the same",
        )
    times = len(message.top)
    return StereoVideo(np.stack(frames[:times]), np.stack(frames[times:]), message.fps)


def tool_trajectory_message(tracks: Sequence[ToolTrack], header: object = None) -> ToolTrajectory:
    """The tracks of all tools of a task; header: of the video they were found in."""
    message = ToolTrajectory(tools=[_track_message(track) for track in tracks])
    if header is not None:
        message.header = header
    return message


def tool_tracks(message: ToolTrajectory) -> list[ToolTrack]:
    """The tracks in a ToolTrajectory; raises INVALID_PARAMETER when its arrays do not fit together."""
    return [_track(track) for track in message.tools]


def _track_message(track: ToolTrack) -> ToolTrackMessage:
    return ToolTrackMessage(
        tool=track.tool,
        times_s=track.times_s.tolist(),
        poses=[pose_message(pose) for pose in track.top_from_tool],
        confidence=track.confidence.tolist(),
        observed=track.observed.tolist(),
        residuals_px=track.residuals_px.reshape(-1).tolist(),
        sigma=track.sigma.reshape(-1).tolist(),
    )


def _track(message: ToolTrackMessage) -> ToolTrack:
    times = len(message.times_s)
    lengths = (len(message.poses), len(message.confidence), len(message.observed))
    if (
        times == 0
        or set(lengths) != {times}
        or (len(message.residuals_px) != 2 * times or len(message.sigma) != 6 * times)
    ):
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"the track of '{message.tool}' has {times} times but {lengths[0]} poses, {lengths[1]} confidences,"
            f" {lengths[2]} flags, {len(message.residuals_px)} residuals and {len(message.sigma)} deviations;"
            " expected one (of the last: two and six) per time",
        )
    times_s = np.array(message.times_s, float)
    if not np.isfinite(times_s).all() or (np.diff(times_s) <= 0).any():
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"the times of the track of '{message.tool}' must be finite and increase",
        )
    return ToolTrack(
        tool=message.tool,
        times_s=times_s,
        top_from_tool=np.stack([pose_array(pose) for pose in message.poses]),
        confidence=np.array(message.confidence, float),
        observed=np.array(message.observed, bool),
        residuals_px=np.array(message.residuals_px, float).reshape(times, 2),
        sigma=np.array(message.sigma, float).reshape(times, 6),
    )


def joint_trajectory_message(trajectory: ArmTrajectory) -> JointTrajectory:
    """What FollowJointTrajectory takes; its stamp 0 means: start when received."""
    rows = zip(
        trajectory.times_s,
        trajectory.positions,
        trajectory.velocities,
        trajectory.accelerations,
        strict=True,
    )
    return JointTrajectory(
        joint_names=list(trajectory.joint_names),
        points=[
            JointTrajectoryPoint(
                positions=positions.tolist(),
                velocities=velocities.tolist(),
                accelerations=accelerations.tolist(),
                time_from_start=duration_message(time_s),
            )
            for time_s, positions, velocities, accelerations in rows
        ],
    )


def arm_plan_message(trajectory: ArmTrajectory) -> ArmPlan:
    """One arm's plan."""
    return ArmPlan(
        arm=trajectory.arm,
        joints=joint_trajectory_message(trajectory),
        contact_start_s=float(trajectory.contact_s[0]),
        contact_end_s=float(trajectory.contact_s[1]),
        path_times_s=trajectory.path.times_s.tolist(),
        path=[pose_message(pose) for pose in trajectory.path.base_from_tool],
        moved=Vector3(**dict(zip("xyz", map(float, trajectory.path.moved_m), strict=True))),
        leveled_rad=trajectory.path.leveled_rad,
    )


def arm_trajectory(message: ArmPlan) -> ArmTrajectory:
    """The trajectory in an ArmPlan."""
    points = message.joints.points
    return ArmTrajectory(
        arm=message.arm,
        joint_names=tuple(message.joints.joint_names),
        times_s=np.array([seconds(point.time_from_start) for point in points]),
        positions=np.array([list(point.positions) for point in points]),
        velocities=np.array([list(point.velocities) for point in points]),
        accelerations=np.array([list(point.accelerations) for point in points]),
        contact_s=(message.contact_start_s, message.contact_end_s),
        path=ToolPath(
            message.arm,
            np.array(message.path_times_s),
            np.stack([pose_array(pose) for pose in message.path]),
            np.array([message.moved.x, message.moved.y, message.moved.z]),
            message.leveled_rad,
        ),
    )


def execution(
    executed: Sequence[JointTrajectory], arms: Sequence[str], errors: Sequence[PathError]
) -> Execution:
    """What the arms did; executed and arms in the same order."""
    motions = {arm: joint_arrays(message) for arm, message in zip(arms, executed, strict=True)}
    times_s = next((times_s for times_s, _ in motions.values()), np.empty(0))
    return Execution(
        times_s=times_s,
        positions={arm: positions for arm, (_, positions) in motions.items()},
        path_error_mm={error.arm: 1e3 * np.array(error.position_m) for error in errors},
        path_error_deg={error.arm: np.rad2deg(error.rotation_rad) for error in errors},
    )


def measured_message(times_s: Array, positions: Array, joint_names: Sequence[str]) -> JointTrajectory:
    """Measured joints, times_s (M,) and positions (M, J), as a JointTrajectory."""
    return JointTrajectory(
        joint_names=list(joint_names),
        points=[
            JointTrajectoryPoint(positions=row.tolist(), time_from_start=duration_message(time_s))
            for time_s, row in zip(times_s, positions, strict=True)
        ],
    )


def joint_arrays(message: JointTrajectory) -> tuple[Array, Array]:
    """times_s (N,) and positions (N, J) of a JointTrajectory."""
    times_s = np.array([seconds(point.time_from_start) for point in message.points])
    positions = np.array([list(point.positions) for point in message.points])
    return times_s, positions.reshape(len(times_s), len(message.joint_names))


def path_error_messages(execution: Execution) -> list[PathError]:
    """One per arm, in m and rad."""
    return [
        PathError(
            arm=arm,
            position_m=(1e-3 * np.asarray(error_mm)).tolist(),
            rotation_rad=np.deg2rad(execution.path_error_deg[arm]).tolist(),
        )
        for arm, error_mm in execution.path_error_mm.items()
    ]

"""Values become messages and come back the same."""

import numpy as np
import pytest
from sensor_msgs.msg import Image

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.geometry import transform
from dreamitate_ros.nodes import images, messages
from dreamitate_ros.values import (
    ArmTrajectory,
    Camera,
    Execution,
    StereoImage,
    StereoVideo,
    ToolPath,
    ToolTrack,
)

HEIGHT, WIDTH = 48, 64


def smooth_image(seed=0):
    """(HEIGHT, WIDTH, 3): colours that change slowly, as in photos."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    channels = [128 + 100 * np.sin((x + seed) / 9), 128 + 100 * np.cos(y / 7), 2 * (x + y)]
    return np.stack(channels, axis=-1).astype(np.uint8)


def camera(offset=0.0):
    return Camera(np.array([[60.0, 0, 31.5 + offset], [0, 61.0, 23.5], [0, 0, 1]]), WIDTH, HEIGHT)


def photo_pair():
    return StereoImage(smooth_image(), smooth_image(30), 12.25, 12.5)


def pose(yaw_rad=0.3, translation=(0.1, -0.2, 0.7)):
    c, s = np.cos(yaw_rad), np.sin(yaw_rad)
    return transform(np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]), np.array(translation))


def track(times=4):
    poses = np.stack([pose(0.1 * index) for index in range(times)])
    poses[0] = np.nan
    residuals = np.arange(2.0 * times).reshape(times, 2)
    residuals[0] = np.nan
    return ToolTrack(
        "left",
        np.arange(times) / 6,
        poses,
        np.linspace(0, 1, times),
        np.arange(times) > 0,
        residuals,
        np.full((times, 6), 0.002),
    )


def test_image_comes_back_bit_for_bit():
    image = smooth_image()
    assert np.array_equal(images.image_array(images.image_message(image)), image)


def test_bgr_image_is_turned_to_rgb():
    image = smooth_image()
    message = images.image_message(image[..., ::-1])
    message.encoding = "bgr8"
    assert np.array_equal(images.image_array(message), image)


def test_unknown_encoding_is_one_clear_error():
    message = images.image_message(smooth_image())
    message.encoding = "holographic"
    with pytest.raises(DreamitateError, match="holographic") as raised:
        images.image_array(message)
    assert raised.value.code == ErrorCode.UNREADABLE_IMAGE


def test_empty_photo_is_one_clear_error():
    message = messages.stereo_pair_message(photo_pair(), camera(), camera())
    message.side = Image()
    with pytest.raises(DreamitateError, match="side photo"):
        messages.stereo_image(message)


def test_compressed_image_is_nearly_the_same():
    image = smooth_image()
    back = images.compressed_array(images.compressed_message(image))
    assert np.abs(back.astype(int) - image).mean() < 1.0


def test_stereo_pair_keeps_pixels_stamps_and_cameras():
    message = messages.stereo_pair_message(photo_pair(), camera(), camera(2.0))
    back = messages.stereo_image(message)
    assert np.array_equal(back.top, photo_pair().top)
    assert np.array_equal(back.side, photo_pair().side)
    assert (back.top_stamp_s, back.side_stamp_s) == (12.25, 12.5)
    assert np.array_equal(messages.camera(message.side_info).K, camera(2.0).K)
    assert (message.top_info.width, message.top_info.height) == (WIDTH, HEIGHT)


def video(times=3):
    return StereoVideo(
        np.stack([smooth_image(index) for index in range(times)]),
        np.stack([smooth_image(40 + index) for index in range(times)]),
        6.0,
    )


def video_message():
    return messages.stereo_video_message(
        video(), messages.stereo_pair_message(photo_pair(), camera(), camera())
    )


def test_video_keeps_views_apart_and_in_order():
    back = messages.stereo_video(video_message())
    for view in ("top", "side"):
        assert np.abs(getattr(back, view).astype(int) - getattr(video(), view)).mean() < 1.0
    assert back.fps == 6.0


def test_video_with_views_of_different_length_is_refused():
    message = video_message()
    message.side = message.side[:-1]
    with pytest.raises(DreamitateError) as raised:
        messages.stereo_video(message)
    assert raised.value.code == ErrorCode.WRONG_CLIP_LENGTH


def test_video_with_a_broken_frame_is_refused():
    message = video_message()
    message.top[1].data = b"no picture"
    with pytest.raises(DreamitateError) as raised:
        messages.stereo_video(message)
    assert raised.value.code == ErrorCode.UNREADABLE_VIDEO


@pytest.mark.parametrize("fps", [0.0, -1.0, float("nan")])
def test_video_with_unusable_fps_is_refused(fps):
    message = video_message()
    message.fps = fps
    with pytest.raises(DreamitateError, match="fps"):
        messages.stereo_video(message)


def test_pose_comes_back():
    assert np.allclose(messages.pose_array(messages.pose_message(pose())), pose())


def test_absent_pose_stays_absent():
    absent = np.full((4, 4), np.nan)
    assert np.isnan(messages.pose_array(messages.pose_message(absent))).all()


def test_tracks_come_back():
    (back,) = messages.tool_tracks(messages.tool_trajectory_message([track()]))
    assert back.tool == "left"
    for name in ("times_s", "top_from_tool", "confidence", "observed", "residuals_px"):
        assert np.allclose(getattr(back, name), getattr(track(), name), equal_nan=True), name


def test_track_with_missing_poses_is_refused():
    message = messages.tool_trajectory_message([track()])
    message.tools[0].poses = message.tools[0].poses[:-1]
    with pytest.raises(DreamitateError, match="3 poses"):
        messages.tool_tracks(message)


@pytest.mark.parametrize("times_s", [[0.0, 0.2, 0.1, 0.3], [0.0, float("nan"), 0.2, 0.3]])
def test_track_with_unusable_times_is_refused(times_s):
    message = messages.tool_trajectory_message([track()])
    message.tools[0].times_s = times_s
    with pytest.raises(DreamitateError, match="times"):
        messages.tool_tracks(message)


def test_arm_trajectory_becomes_a_joint_trajectory():
    times_s, joints = np.array([0.0, 0.25, 1.5]), np.arange(18.0).reshape(3, 6)
    path = ToolPath("left", times_s, np.repeat(np.eye(4)[None], 3, axis=0))
    names = tuple(f"left_{number}" for number in range(6))
    arm = ArmTrajectory("left", names, times_s, joints, joints + 1, joints + 2, (0.25, 1.5), path)
    message = messages.joint_trajectory_message(arm)
    assert tuple(message.joint_names) == names
    assert [messages.seconds(point.time_from_start) for point in message.points] == list(times_s)
    assert np.array_equal([list(point.positions) for point in message.points], joints)
    assert np.array_equal([list(point.accelerations) for point in message.points], joints + 2)


def test_path_errors_are_in_metres_and_radians():
    execution = Execution(np.zeros(1), {}, {"left": np.array([3.0])}, {"left": np.array([180.0])})
    (message,) = messages.path_error_messages(execution)
    assert message.arm == "left"
    assert np.allclose([message.position_m[0], message.rotation_rad[0]], [0.003, np.pi])


def test_a_plan_comes_back_with_by_what_its_path_was_changed():
    times_s, joints = np.array([0.0, 0.25, 1.5]), np.arange(18.0).reshape(3, 6)
    poses, moved_m = np.repeat(np.eye(4)[None], 3, axis=0), np.array([0.01, -0.02, 0.03])
    path = ToolPath("left", times_s, poses, moved_m, leveled_rad=0.1)
    plan = ArmTrajectory(
        "left", ("a", "b", "c", "d", "e", "f"), times_s, joints, joints, joints, (0.25, 1.5), path
    )
    again = messages.arm_trajectory(messages.arm_plan_message(plan))
    np.testing.assert_array_equal(again.path.moved_m, path.moved_m)
    assert again.path.leveled_rad == path.leveled_rad
    np.testing.assert_array_equal(again.positions, plan.positions)

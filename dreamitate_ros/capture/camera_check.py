"""Is the camera that publishes the one the rig was calibrated with?"""

import cv2
import numpy as np

from dreamitate_ros.capture.framing import crop_camera
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.values import Array, Camera

INTRINSICS_TOLERANCE = 0.02  # of the focal length; more is another camera, lens or resolution
DISTORTION_PX = 1.0  # that the lens may bend the picture's corners; the rig models none


def require_same_camera(view: str, published: Camera, distortion: Array, calibrated: Camera) -> None:
    """Raise CAMERA_MISMATCH where the published camera is no uncropped, undistorted version of the calibrated one.

    distortion: the coefficients of the camera_info, in OpenCV's order, any number of them.
    """
    if published.width < calibrated.width or published.height < calibrated.height:
        raise DreamitateError(
            ErrorCode.CAMERA_MISMATCH,
            f"the {view} camera publishes {published.width}x{published.height} px, less than the"
            f" {calibrated.width}x{calibrated.height} px that the model sees; set it to 1280x720",
        )
    cropped = crop_camera(published, calibrated.width, calibrated.height)
    off = float(np.abs(cropped.K - calibrated.K).max() / calibrated.K[0, 0])
    if off > INTRINSICS_TOLERANCE:
        raise DreamitateError(
            ErrorCode.CAMERA_MISMATCH,
            f"the {view} camera's camera_info differs from the rig's by {100 * off:.0f} % of the focal length"
            f" (at most {100 * INTRINSICS_TOLERANCE:.0f} %); is it the camera and resolution that were calibrated?",
        )
    bent_px = _bent_px(published, distortion)
    if bent_px > DISTORTION_PX:
        raise DreamitateError(
            ErrorCode.CAMERA_MISMATCH,
            f"the {view} camera's lens bends the picture by {bent_px:.1f} px in the corners, the rig models no"
            " distortion; publish rectified images (image_proc) and name their topics",
        )


def _bent_px(camera: Camera, distortion: Array) -> float:
    """How far the distortion moves the corners of the picture."""
    if not np.any(distortion):
        return 0.0
    x, y = camera.width - 1.0, camera.height - 1.0
    corners = np.array([[0.0, 0.0], [x, 0.0], [0.0, y], [x, y]])
    rays = np.column_stack([corners, np.ones(4)]) @ np.linalg.inv(camera.K).T
    bent, _ = cv2.projectPoints(rays, np.zeros(3), np.zeros(3), camera.K, np.asarray(distortion, float))
    return float(np.linalg.norm(bent[:, 0] - corners, axis=1).max())

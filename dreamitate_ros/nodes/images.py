"""Image messages to arrays: by cv_bridge where the sourced ROS has one that works, else by rosbags-image."""

import array
from collections.abc import Callable

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image

from dreamitate_ros import values
from dreamitate_ros.errors import DreamitateError, ErrorCode

# Tracking reads edges to a fraction of a pixel: full colour resolution, and an error below one grey level.
# One 768x448 frame is 0.1 to 0.2 MB; lossless PNG would be five times that for no measurable gain.
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 97, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]


def _converter() -> Callable[[Image], values.Image]:
    """cv_bridge breaks under NumPy 2 (vision_opencv #535), some on import and some on use: try it once."""
    try:
        from cv_bridge import CvBridge

        bridge = CvBridge()
        bridge.imgmsg_to_cv2(image_message(np.zeros((2, 2, 3), np.uint8)), "rgb8")
        return lambda message: bridge.imgmsg_to_cv2(message, "rgb8")
    except Exception:  # whatever it is, it is no converter
        from rosbags.image import image_to_cvimage

        return lambda message: image_to_cvimage(message, "rgb8")


def image_message(image: values.Image, stamp: object = None, frame_id: str = "") -> Image:
    """An rgb8 Image of (H, W, 3) uint8 RGB."""
    message = Image(height=image.shape[0], width=image.shape[1], encoding="rgb8", step=3 * image.shape[1])
    message.header.frame_id = frame_id
    if stamp is not None:
        message.header.stamp = stamp
    # an array.array is taken over as it is; numpy arrays are copied element by element (2.6 s for 26 MB)
    message.data = array.array("B", np.ascontiguousarray(image).tobytes())
    return message


_convert: Callable[[Image], values.Image] | None = None


def image_array(message: Image) -> values.Image:
    """(H, W, 3) uint8 RGB of an Image in any common encoding; raises DreamitateError(UNREADABLE_IMAGE)."""
    global _convert
    _convert = _convert or _converter()
    try:
        return np.ascontiguousarray(_convert(message), dtype=np.uint8)
    except Exception as error:  # cv_bridge and rosbags-image each raise their own types
        raise DreamitateError(
            ErrorCode.UNREADABLE_IMAGE,
            f"an image of {message.width}x{message.height} px, encoding '{message.encoding}', could not be"
            f" read ({error}); set the camera to rgb8 or bgr8",
        ) from None


def compressed_message(image: values.Image, stamp: object = None, frame_id: str = "") -> CompressedImage:
    """A JPEG of (H, W, 3) uint8 RGB, good enough to track in (see JPEG above)."""
    data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), JPEG)[1]
    message = CompressedImage(format="rgb8; jpeg compressed bgr8")
    message.header.frame_id = frame_id
    if stamp is not None:
        message.header.stamp = stamp
    message.data = array.array("B", data.tobytes())
    return message


def compressed_array(message: CompressedImage) -> values.Image:
    """(H, W, 3) uint8 RGB of a jpeg or png; raises DreamitateError(UNREADABLE_VIDEO)."""
    data = np.frombuffer(message.data, np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if image is None:
        raise DreamitateError(ErrorCode.UNREADABLE_VIDEO, "a frame of the video is no readable jpeg or png")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)

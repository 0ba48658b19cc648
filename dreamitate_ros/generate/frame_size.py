"""Photos at the size of what is imagined from them."""

from dreamitate_ros.capture.framing import crop_image
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.values import StereoImage


def shrunk(photos: StereoImage, size: tuple[int, int] | None) -> StereoImage:
    """The photos at `size` (width, height); as they are where it is None.

    Raises WRONG_CLIP_SIZE for another aspect ratio: the rig's cameras would no longer be those of the video.
    """
    if size is None or photos.top.shape[1::-1] == size:
        return photos
    height, width = photos.top.shape[:2]
    if width * size[1] != height * size[0]:
        raise DreamitateError(
            ErrorCode.WRONG_CLIP_SIZE,
            f"the photos are {width}x{height} px, but what is imagined is {size[0]}x{size[1]}; crop them to that"
            " aspect ratio",
        )
    return StereoImage(
        crop_image(photos.top, *size), crop_image(photos.side, *size), photos.top_stamp_s, photos.side_stamp_s
    )

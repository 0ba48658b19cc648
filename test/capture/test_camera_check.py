"""A camera other than the calibrated one is refused, and told why."""

import numpy as np
import pytest

from dreamitate_ros.capture.camera_check import require_same_camera
from dreamitate_ros.capture.framing import uncrop_camera
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.values import Camera

CALIBRATED = Camera(np.array([[566.0, 0, 390.0], [0, 566.0, 232.0], [0, 0, 1.0]]), 768, 448)
PUBLISHED = uncrop_camera(CALIBRATED, 1280, 720)
NONE = np.zeros(5)


def refusal(camera, distortion=NONE):
    with pytest.raises(DreamitateError) as caught:
        require_same_camera("top", camera, distortion, CALIBRATED)
    assert caught.value.code == ErrorCode.CAMERA_MISMATCH
    return caught.value.message


def test_the_calibrated_camera_passes_also_with_a_trace_of_distortion():
    require_same_camera("top", PUBLISHED, NONE, CALIBRATED)
    require_same_camera("top", PUBLISHED, np.array([1e-4, 0, 0, 0, 0]), CALIBRATED)


def test_another_focal_length_is_told_in_percent():
    other = Camera(PUBLISHED.K * [[1.1], [1.1], [1.0]], 1280, 720)
    assert "differs from the rig's by" in refusal(other) and "%" in refusal(other)


def test_a_small_resolution_and_a_bent_picture_are_refused():
    assert "640x480" in refusal(Camera(PUBLISHED.K, 640, 480))
    assert "bends the picture by" in refusal(PUBLISHED, np.array([-0.05, 0.02, 0, 0, 0]))

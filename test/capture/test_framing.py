"""The camera matrix follows the pixels through crop and resize."""

import cv2
import numpy as np
import pytest

from dreamitate_ros.capture.framing import crop_camera, crop_image, uncrop_camera
from dreamitate_ros.geometry import project
from dreamitate_ros.values import Camera

FULL = Camera(np.array([[900.0, 0, 641.3], [0, 905.0, 352.2], [0, 0, 1]]), 1280, 720)


def test_cropping_keeps_the_aspect_and_undoes() -> None:
    cropped = crop_camera(FULL, 768, 448)
    assert (cropped.width, cropped.height) == (768, 448)
    assert cropped.K[0, 0] == pytest.approx(900.0 * 448 / 720)
    np.testing.assert_allclose(uncrop_camera(cropped, 1280, 720).K, FULL.K)


@pytest.mark.parametrize("size", [(768, 448), (384, 224), (1280, 720)])
def test_a_dot_lands_where_the_cropped_camera_projects_it(
    size: tuple[int, int],
) -> None:
    point_m = np.array([0.11, -0.07, 0.8])
    image = np.zeros((720, 1280, 3), np.uint8)
    x, y = project(FULL, point_m)
    shift = np.array([[1.0, 0, x - 640], [0, 1, y - 360]])
    dot = np.zeros_like(image)
    cv2.circle(dot, (640, 360), 9, (255, 255, 255), -1)
    image = cv2.warpAffine(dot, shift, (1280, 720))

    cropped = crop_image(image, *size).astype(float).mean(axis=2)

    assert cropped.shape == (size[1], size[0])
    rows, columns = np.indices(cropped.shape)
    centre = np.array([(columns * cropped).sum(), (rows * cropped).sum()]) / cropped.sum()
    np.testing.assert_allclose(centre, project(crop_camera(FULL, *size), point_m), atol=0.1)

"""The preview shows both views, what the model will see of them, and the state of the take."""

import numpy as np

from dreamitate_ros.record.preview import BAR_PX, WIDTH_PX, draw_preview
from dreamitate_ros.values import StereoImage

PHOTO = np.full((720, 1280, 3), 100, np.uint8)
PHOTOS = StereoImage(PHOTO, np.minimum(PHOTO + 50, 255).astype(np.uint8), 1.0, 1.012)


def test_views_lie_side_by_side_and_what_the_model_does_not_see_is_dark():
    picture = draw_preview(PHOTOS, (768, 448), None, 0, "")
    assert picture.shape == (BAR_PX + 360, 2 * WIDTH_PX, 3)
    assert picture[BAR_PX + 180, WIDTH_PX // 2, 0] == 100
    assert picture[BAR_PX + 180, WIDTH_PX + WIDTH_PX // 2, 0] == 150
    assert picture[BAR_PX + 180, 2, 0] == 50, "cropped away at the left"


def test_a_red_dot_says_that_it_records():
    idle, recording = (draw_preview(PHOTOS, (768, 448), s, 30, "take 3: good") for s in (None, 1.2))
    assert tuple(recording[BAR_PX // 2, 22]) == (235, 50, 40)
    assert tuple(idle[BAR_PX // 2, 22]) == (150, 150, 150)

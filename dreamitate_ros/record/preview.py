"""What a person sees while recording: both views, what the model will see of them, and how the take goes."""

import cv2
import numpy as np

from dreamitate_ros.values import Image, StereoImage

WIDTH_PX = 640  # of each view
RED, GREY, WHITE = (235, 50, 40), (150, 150, 150), (255, 255, 255)
BAR_PX = 40


def draw_preview(
    photos: StereoImage, model_size: tuple[int, int], recorded_s: float | None, pairs: int, verdict: str
) -> Image:
    """(H, 1280, 3) RGB. model_size: width and height whose centred crop is framed. recorded_s: None when idle."""
    views = np.hstack([_view(view, model_size) for view in (photos.top, photos.side)])
    bar = np.full((BAR_PX, views.shape[1], 3), 30, np.uint8)
    state = "ready" if recorded_s is None else f"REC {recorded_s:4.1f} s  {pairs} pairs"
    cv2.circle(bar, (22, BAR_PX // 2), 10, GREY if recorded_s is None else RED, -1, cv2.LINE_AA)
    text = f"{state}   skew {1e3 * photos.skew_s:.0f} ms   {verdict}"
    cv2.putText(bar, text[:130], (44, 26), cv2.FONT_HERSHEY_SIMPLEX, 0.5, WHITE, 1, cv2.LINE_AA)
    return np.vstack([bar, views])


def _view(photo: Image, model_size: tuple[int, int]) -> Image:
    height = round(photo.shape[0] * WIDTH_PX / photo.shape[1])
    small = np.asarray(cv2.resize(photo, (WIDTH_PX, height), interpolation=cv2.INTER_AREA), np.uint8)
    scale = min(WIDTH_PX / model_size[0], height / model_size[1])
    half = (model_size[0] * scale / 2, model_size[1] * scale / 2)
    corners = [
        (round(WIDTH_PX / 2 + sign * half[0]) - (sign > 0), round(height / 2 + sign * half[1]) - (sign > 0))
        for sign in (-1, 1)
    ]
    outside = np.full(small.shape[:2], True)
    outside[corners[0][1] : corners[1][1] + 1, corners[0][0] : corners[1][0] + 1] = False
    small[outside] = small[outside] // 2
    cv2.rectangle(small, corners[0], corners[1], WHITE, 1)
    return small

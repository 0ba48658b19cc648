"""What the baseline's network sees of two photos."""

import numpy as np
import torch
from torch import Tensor

from dreamitate_ros.capture.framing import crop_image
from dreamitate_ros.values import Image

MIDDLE = torch.full((2, 2), 0.5)
"""Where cut_out() cuts when the policy acts."""


def photos_tensor(top: Image, side: Image, width: int, height: int) -> Tensor:
    """(2, 3, height, width) within -1..1 of two photos (H, W, 3) uint8 RGB."""
    photos = np.stack([crop_image(photo, width, height) for photo in (top, side)])
    return torch.from_numpy(photos).permute(0, 3, 1, 2).float() / 127.5 - 1


def cut_out(photos: Tensor, crop: float, at: Tensor) -> Tensor:
    """(2, 3, h, w) the share `crop` (0..1) of the height and of the width of photos (2, 3, H, W).

    at: (2, 2) within 0..1, row and column for each photo: 0 cuts at its upper and left edge, 1 at the lower and right.
    """
    height, width = photos.shape[-2:]
    h, w = max(1, round(crop * height)), max(1, round(crop * width))
    parts = []
    for photo, (row, column) in zip(photos, at.tolist(), strict=True):
        top, left = round(row * (height - h)), round(column * (width - w))
        parts.append(photo[:, top : top + h, left : left + w])
    return torch.stack(parts)

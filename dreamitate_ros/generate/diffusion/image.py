"""From photos to vectors of cross-attention, for models that see images there."""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from transformers import CLIPVisionModelWithProjection

from dreamitate_ros.values import Image

MEAN = (0.48145466, 0.4578275, 0.40821073)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)
"""Of the pictures that CLIP was trained on, by channel, in 0..1."""


def embed_images(encoder: CLIPVisionModelWithProjection, images: Image, device: torch.device) -> Tensor:
    """(N, 1, D) CLIP's projected embedding of images (N, H, W, 3), squeezed to CLIP's square as the original does."""
    side = int(encoder.config.image_size)
    pixels = torch.stack([_resized(image, side) for image in images])
    normal = (pixels - torch.tensor(MEAN)[:, None, None]) / torch.tensor(DEVIATION)[:, None, None]
    embedded: Tensor = encoder(pixel_values=normal.to(device, encoder.dtype)).image_embeds
    return embedded[:, None]


def _resized(image: Image, side: int) -> Tensor:
    """(3, side, side) in 0..1: blurred against aliasing, then bicubic with corners on corners."""
    smooth = _blurred(np.float32(1 / 255) * image.astype(np.float32), side)
    pixels = torch.from_numpy(smooth).permute(2, 0, 1)[None]
    return functional.interpolate(pixels, (side, side), mode="bicubic", align_corners=True)[0]


def _blurred(image: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    height, width = image.shape[:2]
    if max(height, width) <= side:
        return image
    sigmas = [max((length / side - 1) / 2, 0.001) for length in (width, height)]
    sizes = [int(max(4 * sigma, 3)) | 1 for sigma in sigmas]
    return np.asarray(
        cv2.GaussianBlur(image, sizes, sigmaX=sigmas[0], sigmaY=sigmas[1], borderType=cv2.BORDER_REFLECT_101)
    )

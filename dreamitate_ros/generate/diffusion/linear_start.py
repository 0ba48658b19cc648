"""A small autoencoder's start: nothing but linear maps, its encoder the principal components of the videos' patches.

From random weights a small autoencoder needs hours to learn that pictures have colours: with few channels every group
norm has one or two to a group, takes their mean out, and absolute brightness with it. Here the residual branches
start silent, so what passes is the chain of convolutions, and the two norms on it see numbers so tiny that their
epsilon, not their input, sets their scale: they are linear too, in pairs (x, -x) whose mean is 0 already.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from diffusers import AutoencoderKLTemporalDecoder
from torch import Tensor, nn
from torch.nn import functional

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.values import Array, Image

TINY = 1e-5
"""Of what the norms on the chain see, next to the square root of their epsilon, 1e-3."""
LOG_VARIANCE = -8.0
"""Of every latent: the encoder is as good as exact."""
MOVING_LEVELS, MOVING_SHARE = 12, 0.8
"""Patches that differ from the photo by so many grey levels are moving; their share among what is fitted."""
WHITENED = 0.5
"""0 leaves the components as strong as they are in pixels, 1 makes all equally strong."""


def start_linear(vae: AutoencoderKLTemporalDecoder, videos: list[Image]) -> None:
    """Make the autoencoder linear, in place. videos: (T, H, W, 3) uint8 RGB each, time 0 first.

    Raises INVALID_PARAMETER for one that does not take its pictures in patches of 8x8 px, or has too few channels.
    """
    _require_room(vae)
    with torch.no_grad():
        _silence(vae)
        _start_encoder(vae, _moving_patches(videos))
        _start_read_out(vae)


def is_linear(vae: AutoencoderKLTemporalDecoder) -> bool:
    """Whether it still is what start_linear() made of it, but for its live parts: then these alone need computing."""
    live = {id(parameter) for part in live_parts(vae) for parameter in part.parameters()}
    silent = (
        parameter
        for name, parameter in vae.named_parameters()
        if _is_silenced(name.rpartition(".")[0]) and id(parameter) not in live
    )
    return all(not parameter.is_meta and not bool(parameter.any()) for parameter in silent)


def live_encode(vae: AutoencoderKLTemporalDecoder, pixels: Tensor) -> Tensor:
    """(N, C, h, w) means of the posterior by the encoder's chain alone: a hundredth of its work."""
    for conv in _halvings(vae):
        pixels = functional.conv2d(functional.pad(pixels, (0, 1, 0, 1)), *conv, stride=2)
    return pixels


def live_decode(vae: AutoencoderKLTemporalDecoder, latents: Tensor) -> Tensor:
    """(N, 3, H, W) pixels by what live_parts() has, frame by frame; the rest of the decoder passes them on."""
    decoder = vae.decoder
    hidden = decoder.conv_in(latents)
    for block in _spatial(decoder.mid_block):
        hidden = block(hidden, None)
    for level in decoder.up_blocks[:-1]:
        for block in _spatial(level):
            hidden = block(hidden, None)
        hidden = level.upsamplers[0](hidden)
    return hidden[:, :3]


def live_parts(vae: AutoencoderKLTemporalDecoder) -> Iterator[nn.Module]:
    """What may learn to undo the encoder while all else stays as start_linear() left it."""
    decoder = vae.decoder
    yield decoder.conv_in
    yield from _spatial(decoder.mid_block)
    for level in decoder.up_blocks[:-1]:
        yield from _spatial(level)
        yield level.upsamplers[0]


def _spatial(level: Any) -> list[nn.Module]:
    return [block.spatial_res_block for block in level.resnets]


def _halvings(vae: AutoencoderKLTemporalDecoder) -> list[tuple[Tensor, Tensor]]:
    """Weight and bias of each halving, of the channels that carry something."""
    first, second, third = (block.downsamplers[0].conv for block in vae.encoder.down_blocks[:3])
    kept, count = _kept(vae), vae.config.latent_channels
    return [
        (first.weight[:12, :3], first.bias[:12]),
        (second.weight[:kept, :12], second.bias[:kept]),
        (third.weight[:count, :kept], third.bias[:count]),
    ]


def _kept(vae: AutoencoderKLTemporalDecoder) -> int:
    """Components of 4x4 patches that the second halving's channels have room for."""
    return min(int(vae.config.block_out_channels[1]), 48)


def _require_room(vae: AutoencoderKLTemporalDecoder) -> None:
    """Three halvings, and pairs in groups of their own in both norms."""
    channels, count = vae.config.block_out_channels, vae.config.latent_channels
    if len(channels) == 4 and channels[0] >= 64 and channels[-1] >= 64 and count <= min(32, channels[2]):
        return
    raise DreamitateError(
        ErrorCode.INVALID_PARAMETER,
        "an autoencoder that starts linear needs four levels of channels, 64 or more in the first and the last, and"
        f" at most 32 latent channels; found {list(channels)} and {count}",
    )


def _silence(vae: nn.Module) -> None:
    """Residual blocks and attention add nothing; a block that changes the number of channels passes those there are."""
    for name, module in vae.named_modules():
        if _is_silenced(name):
            nn.init.zeros_(module.weight)
            nn.init.zeros_(module.bias)
        if name.endswith("conv_shortcut"):
            nn.init.zeros_(module.bias)
            nn.init.dirac_(module.weight)


def _is_silenced(name: str) -> bool:
    """Of a module: the last one of a residual branch or of attention."""
    return name.endswith(("conv2", "to_out.0"))


def _start_encoder(vae: AutoencoderKLTemporalDecoder, patches: Array) -> None:
    """patches: (N, 8, 8, 3) in [-1, 1]. Each halving gathers 2x2 places; the second keeps what fits its channels."""
    encoder, count = vae.encoder, vae.config.latent_channels
    blocks = encoder.down_blocks
    _identity(encoder.conv_in, 3)
    _linear(blocks[0].downsamplers[0].conv, np.eye(12).reshape(12, 2, 2, 3), np.zeros(12))
    quarters = _gathered(_gathered(patches))  # (N, 2, 2, 48)
    kept = _kept(vae)
    basis = _components(quarters.reshape(-1, 48), centred=False)[0][:kept]
    _linear(blocks[1].downsamplers[0].conv, basis.reshape(kept, 2, 2, 12), np.zeros(kept))
    inner = (quarters @ basis.T).reshape(len(patches), 4 * kept)
    axes, spread = _components(inner, centred=True)
    scale = spread[:count] ** -WHITENED
    rows = axes[:count] * scale[:, None]
    _linear(blocks[2].downsamplers[0].conv, rows.reshape(count, 2, 2, kept), -rows @ inner.mean(axis=0))
    _pair(blocks[3].resnets[0].conv_shortcut, count, encoder.conv_norm_out)
    _read_pairs(encoder.conv_out, count, encoder.conv_norm_out)
    encoder.conv_out.bias[count:] = LOG_VARIANCE
    _identity(vae.quant_conv, 2 * count)


def _start_read_out(vae: AutoencoderKLTemporalDecoder) -> None:
    """The last level shows the first three channels of the one before as red, green and blue."""
    decoder = vae.decoder
    _pair(decoder.up_blocks[-1].resnets[0].spatial_res_block.conv_shortcut, 3, decoder.conv_norm_out)
    _read_pairs(decoder.conv_out, 3, decoder.conv_norm_out)
    nn.init.zeros_(decoder.time_conv_out.bias)
    nn.init.dirac_(decoder.time_conv_out.weight)


def _pair(conv: nn.Conv2d, count: int, norm: nn.GroupNorm) -> None:
    """Each of the first `count` channels becomes a pair (x, -x), tiny, in a group of the norm of its own."""
    size = norm.num_channels // norm.num_groups
    _clear(conv)
    for channel in range(count):
        conv.weight[size * channel, channel] = TINY
        conv.weight[size * channel + 1, channel] = -TINY


def _read_pairs(conv: nn.Conv2d, count: int, norm: nn.GroupNorm) -> None:
    """Undo _pair after norm and SiLU: silu(x) - silu(-x) = x."""
    size, gain = norm.num_channels // norm.num_groups, norm.eps**0.5 / TINY
    _clear(conv)
    for channel in range(count):
        conv.weight[channel, size * channel, 1, 1] = gain
        conv.weight[channel, size * channel + 1, 1, 1] = -gain


def _identity(conv: nn.Conv2d, count: int) -> None:
    _clear(conv)
    middle = conv.kernel_size[0] // 2
    for channel in range(count):
        conv.weight[channel, channel, middle, middle] = 1


def _linear(conv: nn.Conv2d, rows: Array, offset: Array) -> None:
    """A 3x3 convolution by 2 of which 2x2 places count. rows: (out, 2, 2, in)."""
    bias = _clear(conv)
    count, _, _, channels = rows.shape
    conv.weight[:count, :channels, :2, :2] = (
        torch.from_numpy(np.ascontiguousarray(rows)).permute(0, 3, 1, 2).to(conv.weight)
    )
    bias[:count] = torch.from_numpy(np.ascontiguousarray(offset)).to(bias)


def _clear(conv: nn.Conv2d) -> Tensor:
    """All to 0; returns the bias."""
    assert conv.bias is not None
    nn.init.zeros_(conv.weight)
    return nn.init.zeros_(conv.bias)


def _gathered(images: Array) -> Array:
    """(N, h / 2, w / 2, 4 C): 2x2 places as channels, in the order that _linear has them."""
    count, height, width, channels = images.shape
    split = images.reshape(count, height // 2, 2, width // 2, 2, channels).transpose(0, 1, 3, 2, 4, 5)
    return split.reshape(count, height // 2, width // 2, 4 * channels)


def _components(rows: Array, centred: bool) -> tuple[Array, Array]:
    """Principal axes (D, D), a row each, strongest first, and the standard deviation along each."""
    moments = np.cov(rows.T) if centred else rows.T @ rows / len(rows)
    variance, axes = np.linalg.eigh(moments)
    return np.asarray(axes[:, ::-1].T), np.sqrt(np.maximum(variance[::-1], 1e-12))


def _moving_patches(videos: list[Image]) -> Array:
    """(N, 8, 8, 3) in [-1, 1], mostly of what moves: tools, hands and objects."""
    moving, still = list[Array](), list[Array]()
    for video in videos:
        patches = _patches(video).astype(np.float32)
        moves = np.abs(patches - patches[:1]).max(axis=(2, 3, 4)) > MOVING_LEVELS
        moving.append(patches[moves])
        still.append(patches[~moves])
    chosen, rest = np.concatenate(moving), np.concatenate(still)
    step = max(1, round(len(rest) / (len(chosen) * (1 - MOVING_SHARE) / MOVING_SHARE + 1)))
    return np.concatenate([chosen, rest[::step]]) / 127.5 - 1


def _patches(video: Image) -> Image:
    """(T, N, 8, 8, 3)."""
    times, height, width, _ = video.shape
    split = video.reshape(times, height // 8, 8, width // 8, 8, 3).transpose(0, 1, 3, 2, 4, 5)
    return split.reshape(times, -1, 8, 8, 3)

"""Diffusion Policy's network (Chi et al. 2023, the convolutional one): two photos and a noisy path in, the path out.

The parts are maintained ones: ResNet of transformers; convolutions over time and schedulers of diffusers.
"""

from collections.abc import Callable

import torch
from diffusers import DDIMScheduler, DDPMScheduler
from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from diffusers.models.resnet import Conv1dBlock, Downsample1D, Upsample1D
from torch import Tensor, nn
from transformers import ResNetConfig, ResNetModel

from dreamitate_ros.baseline.settings import NetworkSize

NOISE_STEPS = 100
NOISE: dict[str, object] = {
    "num_train_timesteps": NOISE_STEPS,
    "beta_schedule": "squaredcos_cap_v2",
    "clip_sample": True,
    "prediction_type": "sample",
}
"""As in the original's configurations for images, but that the path is told, not its noise: from pure noise that is
what the photos say, learnt in minutes on a CPU; told as noise, they hardly count in the loss (docs/baseline.md)."""

STEP_WIDTH = 128  # of the embedding of the noise step
KEYPOINTS = 32  # that an encoder finds in its photo
SHARPNESS = 4.0
"""By how much their first weights are larger than torch's own, whose keypoints all lie in the image's middle: steps
by the hundred go by until photos tell anything."""

GROUP = 16  # channels of a group norm's group
KERNEL = 5  # times that a convolution over time sees


class PhotoEncoder(nn.Module):
    """ResNet-18 with group norms; where in the image KEYPOINTS features are (spatial softmax)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        stages = [width, 2 * width, 4 * width, 8 * width]
        config = ResNetConfig(
            embedding_size=width, hidden_sizes=stages, depths=[2, 2, 2, 2], layer_type="basic"
        )
        self.resnet = _with_group_norms(ResNetModel(config))
        self.keypoints = nn.Conv2d(stages[-1], KEYPOINTS, 1)
        with torch.no_grad():
            self.keypoints.weight *= SHARPNESS

    def forward(self, photos: Tensor) -> Tensor:
        """(B, 2 KEYPOINTS) of photos (B, 3, H, W) within -1..1."""
        maps = self.keypoints(self.resnet(photos).last_hidden_state)
        rows = torch.linspace(-1, 1, maps.shape[2], device=maps.device)
        columns = torch.linspace(-1, 1, maps.shape[3], device=maps.device)
        share = maps.flatten(2).softmax(dim=2).view(maps.shape)
        x, y = (share.sum(dim=2) * columns).sum(dim=2), (share.sum(dim=3) * rows).sum(dim=2)
        return torch.cat([x, y], dim=1)


class FilmBlock(nn.Module):
    """Two convolutions over time; what is told scales and shifts each channel between them (FiLM, Perez et al. 2018).

    diffusers' ResidualTemporalBlock1D only shifts.
    """

    def __init__(self, before: int, after: int, told: int) -> None:
        super().__init__()
        self.enter, self.leave = (Conv1dBlock(channels, after, KERNEL) for channels in (before, after))
        self.film = nn.Sequential(nn.Mish(), nn.Linear(told, 2 * after))
        self.skip = nn.Conv1d(before, after, 1) if before != after else nn.Identity()

    def forward(self, x: Tensor, told: Tensor) -> Tensor:
        """(B, after, T) of x (B, before, T) and told (B, D)."""
        scale, shift = self.film(told)[:, :, None].chunk(2, dim=1)
        return self.leave(scale * self.enter(x) + shift) + self.skip(x)


class PathUnet(nn.Module):
    """A U-Net over time with one level below, told the noise step and the photos at every block."""

    def __init__(self, path: int, channels: tuple[int, int], told: int) -> None:
        super().__init__()
        wide, deep = channels
        self.down = nn.ModuleList([FilmBlock(path, wide, told), FilmBlock(wide, wide, told)])
        self.shrink = Downsample1D(wide, use_conv=True, out_channels=wide)
        self.middle = nn.ModuleList([FilmBlock(wide, deep, told), FilmBlock(deep, deep, told)])
        self.grow = Upsample1D(deep, use_conv_transpose=True, out_channels=deep)
        self.up = nn.ModuleList([FilmBlock(deep + wide, wide, told), FilmBlock(wide, wide, told)])
        self.out = nn.Conv1d(wide, path, 1)

    def forward(self, noisy: Tensor, told: Tensor) -> Tensor:
        """(B, T, path) the paths in noisy (B, T, path), T even; told: (B, D)."""
        x = noisy.transpose(1, 2)
        for block in self.down:
            x = block(x, told)
        kept, x = x, self.shrink(x)
        for block in self.middle:
            x = block(x, told)
        x = torch.cat([self.grow(x), kept], dim=1)
        for block in self.up:
            x = block(x, told)
        return self.out(x).transpose(1, 2)


class PolicyNetwork(nn.Module):
    """An encoder for each view, and the U-Net that they tell of the scene."""

    def __init__(self, size: NetworkSize) -> None:
        super().__init__()
        self.top, self.side = PhotoEncoder(size.resnet), PhotoEncoder(size.resnet)
        self.step = nn.Sequential(Timesteps(STEP_WIDTH, True, 0), TimestepEmbedding(STEP_WIDTH, STEP_WIDTH))
        self.unet = PathUnet(size.path, size.channels, 4 * KEYPOINTS + STEP_WIDTH)

    def scene(self, photos: Tensor) -> Tensor:
        """(B, D) of photos (B, 2, 3, H, W): top and side."""
        return torch.cat([self.top(photos[:, 0]), self.side(photos[:, 1])], dim=1)

    def forward(self, scene: Tensor, noisy: Tensor, step: Tensor) -> Tensor:
        """(B, T, path) the paths in noisy ones at noise steps (B,), in scenes (B, D)."""
        return self.unet(noisy, torch.cat([scene, self.step(step)], dim=1))

    def loss(self, photos: Tensor, paths: Tensor, noise: Tensor, step: Tensor) -> Tensor:
        """(B,) how far the paths told are from paths (B, T, path); noise: (B, N, T, path), N of each; step: (B, N)."""
        draws = noise.shape[1]
        paths, scene = (each.repeat_interleave(draws, dim=0) for each in (paths, self.scene(photos)))
        noisy = DDPMScheduler(**NOISE).add_noise(paths, noise.flatten(0, 1), step.flatten())
        away = (self(scene, noisy, step.flatten()) - paths).square().mean(dim=(1, 2))
        return away.view(-1, draws).mean(dim=1)

    @torch.no_grad()
    def imagine(
        self, photos: Tensor, noise: Tensor, steps: int, told: Callable[[float], None] = lambda share: None
    ) -> Tensor:
        """(B, T, path) paths from noise (B, T, path), by DDIM in `steps` steps."""
        scheduler = DDIMScheduler(**NOISE)
        scheduler.set_timesteps(steps)
        scene, paths = self.scene(photos), noise
        for index, step in enumerate(scheduler.timesteps):
            told(index / steps)
            predicted = self(scene, paths, step.expand(len(paths)))
            paths = scheduler.step(predicted, step, paths).prev_sample
        return paths


def _with_group_norms(module: nn.Module) -> nn.Module:
    """Batch norms do not go with a moving average of the weights (Chi et al., section 3)."""
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d):
            groups = max(1, child.num_features // GROUP)
            setattr(module, name, nn.GroupNorm(groups, child.num_features))
        else:
            _with_group_norms(child)
    return module

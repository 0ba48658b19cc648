"""A trained baseline: two photos in, the tools' paths out. It stands where the tracker stands for an imagined video."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from dreamitate_ros.baseline.network import PolicyNetwork
from dreamitate_ros.baseline.photos import MIDDLE, cut_out, photos_tensor
from dreamitate_ros.baseline.settings import PolicySettings, no_baseline
from dreamitate_ros.errors import Cancelled
from dreamitate_ros.rig import Rig
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Image, Progress, StereoVideo, Stop, ToolTrack

WEIGHTS = "policy.safetensors"
STEPS = 16  # of DDIM, as the original runs on robots


@dataclass(frozen=True)
class BaselinePolicy:
    """network: trained."""

    network: PolicyNetwork
    settings: PolicySettings

    @classmethod
    def load(cls, folder: Path) -> "BaselinePolicy":
        """What save() wrote; raises INVALID_PARAMETER where the folder holds no baseline, or a damaged one."""
        settings = PolicySettings.read(folder)
        try:
            network = PolicyNetwork(settings.size)
            network.load_state_dict(load_file(folder / WEIGHTS))
        except (OSError, ValueError, RuntimeError, SafetensorError) as error:
            raise no_baseline(folder, error) from None
        return cls(network.eval(), settings)

    def save(self, folder: Path) -> None:
        """Weights, and a JSON of everything else."""
        folder.mkdir(parents=True, exist_ok=True)
        save_file(
            {name: value.contiguous() for name, value in self.network.state_dict().items()}, folder / WEIGHTS
        )
        self.settings.write(folder)

    def track(
        self, video: StereoVideo, rig: Rig, tools: Sequence[Tool], progress: Progress, stop: Stop
    ) -> list[ToolTrack]:
        """The paths for the photos of a video (time 0), which are all it looks at; used in place of the tracker.

        Raises INVALID_PARAMETER for other tools or another length than it was trained for, and Cancelled.
        """
        self.settings.require([tool.name for tool in tools], len(video.top))

        def told(share: float) -> None:
            if stop():
                raise Cancelled("the baseline")
            progress(share, "the baseline thinks of a path")

        return self.paths(video.top[0], video.side[0], video.fps, told)

    def paths(
        self, top: Image, side: Image, fps: float, told: Callable[[float], None] = lambda share: None
    ) -> list[ToolTrack]:
        """The tools' paths for two photos (H, W, 3) uint8 RGB; told: the share done.

        They start from noise drawn by the photos: the same pair has the same paths, another one a draw of its own.
        """
        settings = self.settings
        photos = cut_out(
            photos_tensor(top, side, settings.width, settings.height), settings.crop_share, MIDDLE
        )
        seed = zlib.crc32(top.tobytes() + side.tobytes())
        shape = (1, settings.code.times - 1, settings.code.width)
        noise = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
        coded = self.network.imagine(photos[None], noise, STEPS, told)
        return settings.code.decode(coded[0].numpy().astype(float), fps)

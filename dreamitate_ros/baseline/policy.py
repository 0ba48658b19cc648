"""A trained baseline: two photos in, the tools' paths out. It stands where the tracker stands for an imagined video."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from dreamitate_ros.baseline.network import NetworkSize, PolicyNetwork
from dreamitate_ros.baseline.paths import PathCode
from dreamitate_ros.capture.framing import crop_image
from dreamitate_ros.errors import Cancelled, DreamitateError, ErrorCode
from dreamitate_ros.rig import Rig
from dreamitate_ros.tool import Tool
from dreamitate_ros.values import Image, Progress, StereoVideo, Stop, ToolTrack

WEIGHTS, SETTINGS = "policy.safetensors", "policy.json"
STEPS = 16  # of DDIM, as the original runs on robots


@dataclass(frozen=True)
class BaselinePolicy:
    """network: trained. code: of its paths. width, height: px of the photos it sees."""

    network: PolicyNetwork
    size: NetworkSize
    code: PathCode
    width: int
    height: int

    @classmethod
    def load(cls, folder: Path) -> "BaselinePolicy":
        """What save() wrote; raises INVALID_PARAMETER where the folder holds no baseline, or a damaged one."""
        try:
            content = json.loads((folder / SETTINGS).read_text())
            size = NetworkSize(**content["size"] | {"channels": tuple(content["size"]["channels"])})
            low, high = (np.array(content["code"][name]) for name in ("low", "high"))
            code = PathCode(tuple(content["code"]["tools"]), content["code"]["times"], low, high)
            network = PolicyNetwork(size)
            network.load_state_dict(load_file(folder / WEIGHTS))
        except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
            raise DreamitateError(
                ErrorCode.INVALID_PARAMETER,
                f"{folder} holds no trained baseline ({(str(error) or repr(error)).splitlines()[0]}); give the folder"
                " `model` of a `dreamitate train` of config/training/baseline.yaml",
            ) from None
        return cls(network.eval(), size, code, content["width"], content["height"])

    def save(self, folder: Path) -> None:
        """Weights, and a JSON of everything else."""
        folder.mkdir(parents=True, exist_ok=True)
        content = {
            "size": asdict(self.size),
            "code": {
                "tools": self.code.tools,
                "times": self.code.times,
                "low": self.code.low.tolist(),
                "high": self.code.high.tolist(),
            },
            "width": self.width,
            "height": self.height,
        }
        save_file(
            {name: value.contiguous() for name, value in self.network.state_dict().items()}, folder / WEIGHTS
        )
        (folder / SETTINGS).write_text(json.dumps(content, indent=1) + "\n")

    def track(
        self, video: StereoVideo, rig: Rig, tools: Sequence[Tool], progress: Progress, stop: Stop
    ) -> list[ToolTrack]:
        """The paths for the photos of a video (time 0), which are all it looks at; used in place of the tracker.

        Raises INVALID_PARAMETER for other tools or another length than it was trained for, and Cancelled.
        """
        self._require(video, tools)

        def told(share: float) -> None:
            if stop():
                raise Cancelled("the baseline")
            progress(share, "the baseline thinks of a path")

        return self.paths(video.top[0], video.side[0], video.fps, told)

    def paths(
        self, top: Image, side: Image, fps: float, told: Callable[[float], None] = lambda share: None
    ) -> list[ToolTrack]:
        """The tools' paths for two photos (H, W, 3), always the same; told: the share done."""
        photos = photos_tensor(top, side, self.width, self.height)[None]
        shape = (1, self.code.times - 1, self.code.width)
        noise = torch.randn(shape, generator=torch.Generator().manual_seed(0))
        coded = self.network.imagine(photos, noise, STEPS, told)
        return self.code.decode(coded[0].numpy().astype(float), fps)

    def _require(self, video: StereoVideo, tools: Sequence[Tool]) -> None:
        asked, known = (
            (tuple(tool.name for tool in tools), len(video.top)),
            (self.code.tools, self.code.times),
        )
        if asked != known:
            raise DreamitateError(
                ErrorCode.INVALID_PARAMETER,
                f"the baseline was trained for the tools {', '.join(known[0])} at {known[1]} times; asked for are"
                f" {', '.join(asked[0])} at {asked[1]}",
            )


def photos_tensor(top: Image, side: Image, width: int, height: int) -> Tensor:
    """(2, 3, height, width) within -1..1 of two photos (H, W, 3) uint8 RGB."""
    photos = np.stack([crop_image(photo, width, height) for photo in (top, side)])
    return torch.from_numpy(photos).permute(0, 3, 1, 2).float() / 127.5 - 1

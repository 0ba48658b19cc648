"""What a trained baseline's folder says of it besides its weights. No torch here."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from dreamitate_ros.baseline.paths import PathCode
from dreamitate_ros.errors import DreamitateError, ErrorCode

SETTINGS = "policy.json"


@dataclass(frozen=True)
class NetworkSize:
    """resnet: channels of ResNet-18's first stage (64 as published). path: numbers at each time.

    channels: of the levels of the network over time, of all times and of every other.
    """

    resnet: int
    channels: tuple[int, int]
    path: int


@dataclass(frozen=True)
class PolicySettings:
    """size: of the network. code: of its paths. width, height: px that the photos are scaled to.

    crop_share: 0..1, the share of that width and height, about the middle, that the network sees of a photo.
    """

    size: NetworkSize
    code: PathCode
    width: int
    height: int
    crop_share: float

    @classmethod
    def read(cls, folder: Path) -> "PolicySettings":
        """What write() wrote; raises INVALID_PARAMETER where the folder holds no baseline, or a damaged one."""
        try:
            content = json.loads((folder / SETTINGS).read_text())
            size, code = content["size"], content["code"]
            return cls(
                NetworkSize(**size | {"channels": tuple(size["channels"])}),
                PathCode(tuple(code["tools"]), code["times"], np.array(code["low"]), np.array(code["high"])),
                content["width"],
                content["height"],
                content["crop_share"],
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise no_baseline(folder, error) from None

    def write(self, folder: Path) -> None:
        """As JSON."""
        code = asdict(self.code) | {"low": self.code.low.tolist(), "high": self.code.high.tolist()}
        content = asdict(self) | {"code": code}
        (folder / SETTINGS).write_text(json.dumps(content, indent=1) + "\n")

    def require(self, tools: Sequence[str], times: int) -> None:
        """Raise INVALID_PARAMETER for other tools, or another number of times, than it was trained for."""
        if (tuple(tools), times) != (self.code.tools, self.code.times):
            raise DreamitateError(
                ErrorCode.INVALID_PARAMETER,
                f"the baseline was trained for the tools {', '.join(self.code.tools)} at {self.code.times} times;"
                f" asked for are {', '.join(tools)} at {times}",
            )


def no_baseline(folder: Path, error: Exception) -> DreamitateError:
    """What a user is told of a folder that could not be read."""
    return DreamitateError(
        ErrorCode.INVALID_PARAMETER,
        f"{folder} holds no trained baseline ({(str(error) or repr(error)).splitlines()[0]}); give the folder `model`"
        " of a `dreamitate train` of config/training/baseline.yaml",
    )

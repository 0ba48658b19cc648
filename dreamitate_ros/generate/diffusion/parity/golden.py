"""The golden tensors of one case file, and how far a result is from them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.condition import Condition


@dataclass(frozen=True)
class Comparison:
    """One case: what was compared, and max|result - golden| / max|golden| (the difference itself where that is 0)."""

    name: str
    error: float


Comparisons = Iterator[Comparison]


@dataclass(frozen=True)
class Golden:
    """The arrays of one .npz file. frames: T of a packed clip; arrays of frames are flattened clip by clip."""

    name: str
    arrays: dict[str, np.ndarray]
    frames: int = 25

    def __getitem__(self, key: str) -> Tensor:
        """A copy of an array as a tensor; raises DreamitateError where the file lacks it."""
        if key not in self.arrays:
            raise DreamitateError(ErrorCode.INVALID_PARAMETER, f"{self.name}_case.npz has no array '{key}'")
        return torch.from_numpy(self.arrays[key].copy())

    def clips(self, key: str) -> Tensor:
        """(B, T, ...) from an array of (B * T, ...)."""
        return self[key].unflatten(0, (-1, self.frames))

    def condition(self) -> Condition:
        """The arrays crossattn, concat and added_time_ids."""
        return Condition(self["crossattn"][:, None], self.clips("concat"), self["added_time_ids"])

    def compare(self, key: str, result: Tensor) -> Comparison:
        """`result` against the array `key`."""
        return Comparison(f"{self.name}: {key}", _error(self[key].double(), result.detach().cpu().double()))

    def compare_each(self, key: str, results: Tensor) -> Comparison:
        """`results` against the array `key`, each entry by its own largest value; the worst one counts."""
        if len(self[key]) != len(results):
            return Comparison(f"{self.name}: {key}", float("inf"))
        pairs = zip(self[key].double(), results.detach().cpu().double(), strict=True)
        return Comparison(f"{self.name}: {key}", max(_error(golden, found) for golden, found in pairs))


def _error(golden: Tensor, found: Tensor) -> float:
    if golden.shape != found.shape or not torch.isfinite(found).all():
        return float("inf")
    largest = golden.abs().max().item() or 1.0
    return (found - golden).abs().max().item() / largest


def read_golden(directory: Path, name: str) -> Golden:
    """The file NAME_case.npz; raises DreamitateError where it is missing or damaged."""
    path = directory / f"{name}_case.npz"
    try:
        with np.load(path) as file:
            return Golden(name, dict(file))
    except (OSError, ValueError, BadZipFile) as error:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, f"cannot read the golden tensors {path}: {error}"
        ) from None

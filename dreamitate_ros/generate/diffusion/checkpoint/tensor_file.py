"""Reading the tensors of a checkpoint one at a time, so that importing needs no memory for the whole."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zipfile import is_zipfile

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from dreamitate_ros.errors import DreamitateError, ErrorCode


@dataclass(frozen=True)
class TensorFile:
    """A checkpoint file. shapes: the shape of each tensor by name. read: loads one tensor by name."""

    path: Path
    shapes: dict[str, tuple[int, ...]]
    read: Callable[[str], Tensor]


def open_tensors(path: Path) -> TensorFile:
    """The tensors of a .safetensors file or of a pickle of nothing but weights.

    Raises DreamitateError for a file that is missing, cut short or damaged, or a pickle that holds other objects.
    """
    if not path.is_file():
        raise _refused(path, "there is no such file")
    return _open_safetensors(path) if path.suffix == ".safetensors" else _open_pickle(path)


def _open_safetensors(path: Path) -> TensorFile:
    try:
        file = safe_open(str(path), framework="pt")
    except (SafetensorError, OSError, ValueError) as error:
        raise _refused(path, f"it is damaged or cut short ({error})") from None
    shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    return TensorFile(path, shapes, file.get_tensor)


def _open_pickle(path: Path) -> TensorFile:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=is_zipfile(path))
    except pickle.UnpicklingError:
        raise _refused(
            path, "it is a pickle of more than weights, which could run code; it was not loaded"
        ) from None
    except Exception as error:  # any bytes at all may be in there, and torch's parser fails in as many ways
        raise _refused(path, f"it is damaged, cut short or no checkpoint ({error!r:.100})") from None
    tensors = _weights(path, content)
    return TensorFile(
        path, {name: tuple(tensor.shape) for name, tensor in tensors.items()}, tensors.__getitem__
    )


def _weights(path: Path, content: object) -> dict[str, Tensor]:
    while isinstance(content, dict) and isinstance(nested := _nested(content), dict):
        content = nested
    if not isinstance(content, dict) or not content:
        raise _refused(path, "it holds no named tensors")
    others = [str(name) for name, value in content.items() if not isinstance(value, Tensor)]
    if others:
        raise _refused(path, f"'{others[0]}' in it is no tensor")
    return content


def _nested(content: dict[str, object]) -> object:
    """What training frameworks wrap the weights in."""
    return content.get("state_dict") or content.get("module")


def _refused(path: Path, reason: str) -> DreamitateError:
    return DreamitateError(ErrorCode.INVALID_PARAMETER, f"cannot read the checkpoint {path}: {reason}")

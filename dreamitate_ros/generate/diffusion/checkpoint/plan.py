"""What an import will do: which source tensor becomes which tensor of ours; checked before anything is written."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from dreamitate_ros.errors import DreamitateError, ErrorCode

Shapes = Mapping[str, tuple[int, ...]]
LISTED = 8


@dataclass(frozen=True)
class Take:
    """One tensor of ours: `change` of the source's tensor `source` (as it is, where there is no change)."""

    source: str
    change: Callable[[Tensor], Tensor] = lambda tensor: tensor


@dataclass(frozen=True)
class Plan:
    """How one component is made.

    folder: its name in the pipeline. model_class: the class of diffusers or transformers, made from `config`.
    takes: our tensor names and what each is made of.
    """

    folder: str
    model_class: type
    config: dict[str, Any]
    takes: dict[str, Take]

    def empty_model(self) -> Any:
        """The component without memory for its weights (meta device)."""
        with torch.device("meta"):
            if hasattr(self.model_class, "config_class"):  # transformers
                return self.model_class(self.model_class.config_class(**self.config))
            return self.model_class(**self.config)


def check(plan: Plan, shapes: Shapes) -> None:
    """Raises DreamitateError that names every missing, unexpected and wrongly shaped tensor of the component."""
    expected = {name: tuple(tensor.shape) for name, tensor in plan.empty_model().state_dict().items()}
    missing = expected.keys() - plan.takes.keys()
    unexpected = [take.source for name, take in plan.takes.items() if name not in expected]
    wrong = [
        f"{take.source} is {_size(shapes[take.source])}, {name} {_size(expected[name])}"
        for name, take in plan.takes.items()
        if name in expected and _shape(take, shapes) != expected[name]
    ]
    faults = [
        *_listed("missing", missing),
        *_listed("unexpected", unexpected),
        *_listed("wrong shape", wrong),
    ]
    if faults:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, f"the checkpoint's {plan.folder} does not fit: {'; '.join(faults)}"
        )


def required_shape(shapes: Shapes, name: str) -> tuple[int, ...]:
    """The shape of a tensor that tells the architecture; raises DreamitateError where it is not there."""
    if name not in shapes:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, f"the checkpoint does not fit: missing: {name}; is it complete?"
        )
    return shapes[name]


def heads(channels: int, channels_per_head: int | None) -> int:
    """Attention heads, which no tensor's shape tells: 64 channels each as released; a toy-sized model has 2."""
    return channels // channels_per_head if channels_per_head else max(2, channels // 64)


def _shape(take: Take, shapes: Shapes) -> tuple[int, ...] | None:
    try:
        return tuple(take.change(torch.empty(shapes[take.source], device="meta")).shape)
    except (RuntimeError, IndexError):
        return None


def _size(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "a number"


def _listed(what: str, names: Iterable[str]) -> list[str]:
    ordered = sorted(names)
    if not ordered:
        return []
    more = f" and {len(ordered) - LISTED} more" if len(ordered) > LISTED else ""
    return [f"{what}: {', '.join(ordered[:LISTED])}{more}"]

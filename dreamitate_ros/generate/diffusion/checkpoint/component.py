"""Writing one component of an import, so that it is whole or not there."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from dreamitate_ros.generate.diffusion.checkpoint.plan import Plan
from dreamitate_ros.generate.diffusion.checkpoint.sources import Sources
from dreamitate_ros.generate.diffusion.checkpoint.tensor_writer import write_tensors

RECORD = "imported_from.json"
"""In the component's folder: what it was made of. Written last, so a folder without it is unfinished."""


def is_finished(plan: Plan, sources: Sources, output: Path, dtype: torch.dtype) -> bool:
    """Whether an earlier import has written this component from the same files."""
    try:
        return bool(json.loads((output / plan.folder / RECORD).read_text()) == _record(plan, sources, dtype))
    except (OSError, ValueError):
        return False


def write_component(
    plan: Plan, sources: Sources, output: Path, dtype: torch.dtype, on_tensor: Callable[[int], None]
) -> None:
    """Write configuration and weights; on_tensor(how many tensors are written)."""
    folder = output / plan.folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RECORD).unlink(missing_ok=True)
    model = plan.empty_model()
    is_transformers = hasattr(plan.model_class, "config_class")
    if is_transformers:
        model.config.architectures = [plan.model_class.__name__]
        model.config.save_pretrained(folder)
    else:
        model.save_config(folder)
    weights = folder / ("model.safetensors" if is_transformers else "diffusion_pytorch_model.safetensors")

    def read(name: str) -> torch.Tensor:
        take = plan.takes[name]
        return take.change(sources.read(take.source).float())  # narrow types cannot be computed with

    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    write_tensors(weights, shapes, dtype, read, on_tensor)
    (folder / RECORD).write_text(json.dumps(_record(plan, sources, dtype), indent=1))


def _record(plan: Plan, sources: Sources, dtype: torch.dtype) -> dict[str, Any]:
    paths = {file.path: file.path.stat() for file in sources.files}
    return {
        "files": [
            {"name": path.name, "bytes": status.st_size, "modified_ns": status.st_mtime_ns}
            for path, status in paths.items()
        ],
        "dtype": str(dtype).removeprefix("torch."),
        "config": plan.config,
    }

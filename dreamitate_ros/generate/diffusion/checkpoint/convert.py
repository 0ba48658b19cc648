"""Importing: checkpoint files of the original's layout to a folder that StereoVideoPipeline loads."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.checkpoint.plan import Plan, Shapes, Take, check
from dreamitate_ros.generate.diffusion.checkpoint.sources import TEXT, UNET, Sources, open_sources
from dreamitate_ros.generate.diffusion.checkpoint.tensor_writer import write_tensors
from dreamitate_ros.generate.diffusion.checkpoint.text_names import plan_text_encoder
from dreamitate_ros.generate.diffusion.checkpoint.unet_names import plan_unet
from dreamitate_ros.generate.diffusion.checkpoint.vae_names import (
    CONDITION_ENCODER,
    ENCODER,
    plan_target_vae,
    plan_vae,
)
from dreamitate_ros.generate.diffusion.scheduler import original_scheduler
from dreamitate_ros.generate.diffusion.text import clip_tokenizer
from dreamitate_ros.values import Progress

RECORD = "imported_from.json"
"""In each component's folder: the files it was made of. Written last, so a folder without it is unfinished."""


@dataclass(frozen=True)
class Imported:
    """What an import did. components: folders now in the output. needless: how many tensors were left out."""

    components: tuple[str, ...]
    needless: int


def import_checkpoint(
    paths: list[Path],
    output: Path,
    dtype: torch.dtype,
    head_channels: int | None,
    progress: Progress,
) -> Imported:
    """Make `output` from the files, or add to it what they hold; everything is checked before it is written.

    A component that an earlier, interrupted import finished from the same files is kept as it is.
    Raises DreamitateError: INVALID_PARAMETER, with every missing, unexpected or wrongly shaped tensor named.
    """
    sources = open_sources(paths)
    plans = _plans(sources, head_channels)
    for plan in plans:
        check(plan, sources.shapes())
    total = sum(len(plan.takes) for plan in plans)
    done = 0
    for plan in plans:
        before = done

        def on_tensor(count: int, plan: Plan = plan, before: int = before) -> None:
            progress((before + count) / total, plan.folder)

        if not _is_finished(plan, sources, output, dtype):
            _write(plan, sources, output, dtype, on_tensor)
        done += len(plan.takes)
        progress(done / total, plan.folder)
    _write_the_rest(output)
    return Imported(_components(output), len(sources.needless))


def _plans(sources: Sources, head_channels: int | None) -> list[Plan]:
    """One plan for each component that the sources hold tensors of."""
    plans = []
    if unet := sources.shapes(UNET):
        plans.append(_prefixed(plan_unet(unet, head_channels), UNET))
    shapes = sources.shapes()
    if any(name.startswith(("first_stage_model.", CONDITION_ENCODER)) for name in shapes):
        plans.append(plan_vae(shapes))
    if all(any(name.startswith(encoder) for name in shapes) for encoder in (ENCODER, CONDITION_ENCODER)):
        plans.append(plan_target_vae(shapes))
    if text := sources.shapes(TEXT):
        plans.append(_prefixed(plan_text_encoder(text), TEXT))
    if not plans:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, f"{sources.files[0].path} holds no tensor of the stereo video model"
        )
    return [_available(plan, shapes) for plan in plans]


def _prefixed(plan: Plan, prefix: str) -> Plan:
    takes = {name: Take(prefix + take.source, take.change) for name, take in plan.takes.items()}
    return replace(plan, takes=takes)


def _available(plan: Plan, shapes: Shapes) -> Plan:
    """The plan without what the sources lack, which check() then names as missing."""
    return replace(plan, takes={name: take for name, take in plan.takes.items() if take.source in shapes})


def _is_finished(plan: Plan, sources: Sources, output: Path, dtype: torch.dtype) -> bool:
    try:
        return bool(json.loads((output / plan.folder / RECORD).read_text()) == _record(sources, dtype))
    except (OSError, ValueError):
        return False


def _record(sources: Sources, dtype: torch.dtype) -> dict[str, Any]:
    files = [
        {"name": file.path.name, "bytes": status.st_size, "modified_ns": status.st_mtime_ns}
        for file in sources.files
        if (status := file.path.stat())
    ]
    return {"files": files, "dtype": str(dtype).removeprefix("torch.")}


def _write(
    plan: Plan, sources: Sources, output: Path, dtype: torch.dtype, on_tensor: Callable[[int], None]
) -> None:
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
    shapes = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    weights = folder / ("model.safetensors" if is_transformers else "diffusion_pytorch_model.safetensors")
    write_tensors(
        weights,
        shapes,
        dtype,
        lambda name: plan.takes[name].change(_read(sources, plan.takes[name].source)),
        on_tensor,
    )
    (folder / RECORD).write_text(json.dumps(_record(sources, dtype), indent=1))


def _read(sources: Sources, name: str) -> torch.Tensor:
    return sources.read(name).float()  # the narrow types of some checkpoints cannot be computed with


def _write_the_rest(output: Path) -> None:
    """What has no weights, and the index that from_pretrained reads."""
    original_scheduler().save_pretrained(output / "scheduler")
    clip_tokenizer().save_pretrained(output / "tokenizer")
    libraries = {
        "unet": ["diffusers", "UNetSpatioTemporalConditionModel"],
        "vae": ["diffusers", "AutoencoderKLTemporalDecoder"],
        "scheduler": ["diffusers", "EulerDiscreteScheduler"],
        "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
    }
    index: dict[str, Any] = {"_class_name": "StereoVideoPipeline"}
    index |= {name: entry if (output / name).is_dir() else [None, None] for name, entry in libraries.items()}
    (output / "model_index.json").write_text(json.dumps(index, indent=1) + "\n")


def _components(output: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name for path in output.iterdir() if path.is_dir()))

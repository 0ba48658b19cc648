"""Importing: checkpoints in the original's layout or diffusers' to a folder that StereoVideoPipeline loads."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.checkpoint.component import is_finished, write_component
from dreamitate_ros.generate.diffusion.checkpoint.folder import CLASSES
from dreamitate_ros.generate.diffusion.checkpoint.plan import Plan, check
from dreamitate_ros.generate.diffusion.checkpoint.plans import plan_components
from dreamitate_ros.generate.diffusion.checkpoint.sources import open_sources
from dreamitate_ros.generate.diffusion.scheduler import original_scheduler
from dreamitate_ros.generate.diffusion.text import clip_tokenizer
from dreamitate_ros.values import Progress

LIBRARIES = {
    "unet": ["diffusers", "UNetSpatioTemporalConditionModel"],
    "vae": ["diffusers", "AutoencoderKLTemporalDecoder"],
    "scheduler": ["diffusers", "EulerDiscreteScheduler"],
    "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "image_encoder": ["transformers", "CLIPVisionModelWithProjection"],
}


@dataclass(frozen=True)
class Imported:
    """What an import did. components: those with weights in the output. needless: how many tensors were left out."""

    components: tuple[str, ...]
    needless: int


def import_checkpoint(
    paths: list[Path],
    output: Path,
    dtype: torch.dtype,
    head_channels: int | None,
    progress: Progress,
) -> Imported:
    """Make `output` from the sources, or add to it what they hold; everything is checked before it is written.

    paths: files of the original, or model folders of diffusers. A component that an earlier, interrupted import
    finished from the same files is kept as it is.
    Raises DreamitateError: INVALID_PARAMETER, with every missing, unexpected or wrongly shaped tensor named.
    """
    ours = [path for path in (*paths, output) if _is_ours(path)]
    sources = open_sources(paths)
    plans = plan_components(sources, head_channels)
    for plan in plans:
        check(plan, sources.shapes())
    total = sum(len(plan.takes) for plan in plans)
    done = 0
    for plan in plans:
        before = done

        def on_tensor(count: int, plan: Plan = plan, before: int = before) -> None:
            progress((before + count) / total, plan.folder)

        if not is_finished(plan, sources, output, dtype):
            write_component(plan, sources, output, dtype, on_tensor)
        done += len(plan.takes)
        progress(done / total, plan.folder)
    _write_the_rest(ours, output)
    used = {take.source for plan in plans for take in plan.takes.values()}
    needless = len(sources.needless) + len(sources.origins.keys() - used)
    return Imported(tuple(name for name in CLASSES if (output / name).is_dir()), needless)


def _write_the_rest(ours: list[Path], output: Path) -> None:
    """What has no weights, and the index that from_pretrained reads; a model of ours keeps its noise levels."""
    if not ours:
        original_scheduler().save_pretrained(output / "scheduler")
    elif ours[0] != output:
        shutil.copytree(ours[0] / "scheduler", output / "scheduler", dirs_exist_ok=True)
    if (output / "text_encoder").is_dir():
        clip_tokenizer().save_pretrained(output / "tokenizer")
    index: dict[str, Any] = {"_class_name": "StereoVideoPipeline"}
    index["imagines_change"] = any(_index(path).get("imagines_change", False) for path in ours)
    index |= {name: entry if (output / name).is_dir() else [None, None] for name, entry in LIBRARIES.items()}
    (output / "model_index.json").write_text(json.dumps(index, indent=1) + "\n")


def _is_ours(folder: Path) -> bool:
    """Whether it is a StereoVideoPipeline's."""
    return _index(folder).get("_class_name") == "StereoVideoPipeline" and (folder / "scheduler").is_dir()


def _index(folder: Path) -> dict[str, Any]:
    """What a model folder says of itself; nothing where `folder` is none."""
    path = folder / "model_index.json"
    if not path.is_file():
        return {}
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except ValueError as error:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, f"{path} is damaged ({error}); copy the model folder again"
        ) from None
    return found

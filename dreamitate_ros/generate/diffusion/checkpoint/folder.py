"""A model folder of diffusers as a source: plain Stable Video Diffusion, for one, or what this importer wrote."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from diffusers import AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel
from torch import Tensor
from transformers import CLIPTextModelWithProjection, CLIPVisionModelWithProjection

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.checkpoint.plan import Plan, Shapes, Take
from dreamitate_ros.generate.diffusion.checkpoint.tensor_file import TensorFile, open_tensors

CLASSES: dict[str, Any] = {
    "unet": UNetSpatioTemporalConditionModel,
    "vae": AutoencoderKLTemporalDecoder,
    "target_vae": AutoencoderKLTemporalDecoder,
    "text_encoder": CLIPTextModelWithProjection,
    "image_encoder": CLIPVisionModelWithProjection,
}
PREFIXES = tuple(f"{component}/" for component in CLASSES)
POSITION_IDS = "position_ids"
"""A constant that older versions of transformers stored as a weight."""


def open_folder(path: Path) -> list[TensorFile]:
    """The weight files of every component, their tensors named COMPONENT/NAME; several where it is sharded.

    Raises DreamitateError where there is none.
    """
    files = [
        _prefixed(open_tensors(file), f"{component}/")
        for component in CLASSES
        for file in _weight_files(path / component)
    ]
    if not files:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"the folder {path} is no model of diffusers: none of {', '.join(CLASSES)} in it has .safetensors files",
        )
    return files


def plan_copy(component: str, shapes: Shapes, folder: Path) -> Plan:
    """How a component is copied. folder: its own, with config.json."""
    model_class = CLASSES[component]
    try:
        config = json.loads((folder / "config.json").read_text())
    except (OSError, ValueError) as error:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, f"{folder} has no readable config.json: {error}"
        ) from None
    if hasattr(model_class, "extract_init_dict"):
        config = model_class.extract_init_dict(config)[0]
    takes = {name: Take(name) for name in shapes if not name.endswith(POSITION_IDS)}
    return Plan(component, model_class, config, takes)


def _weight_files(folder: Path) -> list[Path]:
    """The files of full precision where there are some, else those of a variant such as fp16."""
    files = sorted(folder.glob("*.safetensors"))
    full = [file for file in files if "." not in file.stem]
    return full or files


def _prefixed(file: TensorFile, prefix: str) -> TensorFile:
    def reader(read: Callable[[str], Tensor]) -> Callable[[str], Tensor]:
        return lambda name: read(name.removeprefix(prefix))

    shapes = {prefix + name: shape for name, shape in file.shapes.items()}
    return replace(file, shapes=shapes, read=reader(file.read))

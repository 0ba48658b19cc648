"""Loading a model folder for a device and a memory preset."""

from pathlib import Path

import torch
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.pipeline import StereoVideoPipeline
from dreamitate_ros.generate.diffusion.settings import Memory


def load_pipeline(folder: Path, memory: Memory, device: str) -> StereoVideoPipeline:
    """The pipeline in `folder` (as import-checkpoint or save_pretrained wrote it) on "cpu" or "cuda".

    The autoencoder always computes in float32, as released. On a CPU, so does everything else.
    Raises DreamitateError for a folder that is no model, is incomplete or is damaged.
    """
    if not (folder / "model_index.json").is_file():
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"{folder} is no model folder (it has no model_index.json); make one: dreamitate import-checkpoint",
        )
    hide_foreign_progress()
    narrow = torch.float32 if device == "cpu" else getattr(torch, memory.dtype)
    try:
        pipeline: StereoVideoPipeline = StereoVideoPipeline.from_pretrained(
            folder,
            dtype={"unet": narrow, "text_encoder": narrow, "default": torch.float32},
            local_files_only=True,
        )
    except (OSError, ValueError, RuntimeError, AttributeError, TypeError) as error:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"the model in {folder} is incomplete or damaged ({str(error).splitlines()[0]}); import it again",
        ) from None
    place(pipeline, memory.offload, device)
    return pipeline


def place(pipeline: StereoVideoPipeline, offload: str, device: str) -> None:
    """Put the weights where `offload` (settings.Memory) wants them; on a CPU they stay in its memory."""
    if device == "cpu" or offload == "none":
        pipeline.to(device)
    elif offload == "model":
        pipeline.enable_model_cpu_offload(device=device)
    else:
        pipeline.enable_sequential_cpu_offload(device=device)


def hide_foreign_progress() -> None:
    """No progress bars of diffusers and transformers between our own."""
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()

"""AdamW with a state of 8 bits a number (Dettmers et al. 2021), by bitsandbytes, which is an extra."""

import importlib
from typing import Any

import torch

from dreamitate_ros.errors import DreamitateError, ErrorCode

INSTALL = "pip install bitsandbytes==0.50.2"


def adamw_8bit(device: torch.device) -> Any:
    """The optimiser's class. Raises INVALID_PARAMETER without a GPU, or without bitsandbytes."""
    if device.type != "cuda":
        raise _unavailable(f"it needs a CUDA GPU, and this training runs on {device}; use optimizer: adamw")
    try:
        return importlib.import_module("bitsandbytes").optim.AdamW8bit
    except ImportError:
        raise _unavailable(f"it needs bitsandbytes: {INSTALL}") from None


def _unavailable(why: str) -> DreamitateError:
    return DreamitateError(ErrorCode.INVALID_PARAMETER, f"there is no optimizer adamw8bit here: {why}")

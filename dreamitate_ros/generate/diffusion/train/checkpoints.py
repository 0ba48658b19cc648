"""Checkpoints of a training: whole or not there, and refused by a training they do not belong to."""

import hashlib
import json
import shutil
from dataclasses import asdict
from pathlib import Path
from pickle import UnpicklingError

from accelerate import Accelerator
from safetensors import SafetensorError

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.train.config import LoopConfig

MAY_CHANGE = {
    *("steps", "checkpoint_every", "keep_checkpoints", "output"),
    *("held_out", "rig", "gate_mm", "gate_deg", "log_every", "sample_every", "samples", "sample_steps"),
}
"""What a resumed training may do differently and still be the same training up to there."""


def save_checkpoint(accelerator: Accelerator, config: LoopConfig, clips: list[Path], step: int) -> None:
    """Save weights, moving average and optimiser after `step` steps; older checkpoints than kept ones go.

    clips: the encoded demonstrations.
    """
    folder = config.output / "checkpoints"
    unfinished, final = folder / "unfinished", folder / f"step_{step:08d}"
    if accelerator.is_main_process:
        shutil.rmtree(unfinished, ignore_errors=True)
    accelerator.wait_for_everyone()
    accelerator.save_state(str(unfinished))
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        record = {"step": step, "training": _identity(accelerator, config, clips)}
        (unfinished / "training.json").write_text(json.dumps(record, indent=1))
        shutil.rmtree(final, ignore_errors=True)
        unfinished.replace(final)
        for old in _saved(folder)[: -config.keep_checkpoints]:
            shutil.rmtree(old)
    accelerator.wait_for_everyone()


def resume(accelerator: Accelerator, config: LoopConfig, clips: list[Path]) -> int:
    """Load the newest checkpoint, if there is one; how many steps it has behind it.

    Raises DreamitateError where it was made with other settings, or is damaged.
    """
    saved = _saved(config.output / "checkpoints")
    if not saved:
        return 0
    record = json.loads((saved[-1] / "training.json").read_text())
    now, before = _identity(accelerator, config, clips), record["training"]
    changed = [name for name in now if now[name] != before.get(name)]
    if changed:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"{saved[-1]} was made with another {', '.join(changed)} ({before.get(changed[0])}, now"
            f" {now[changed[0]]}); change it back, or give a new output folder",
        )
    try:
        accelerator.load_state(str(saved[-1]))
    except (OSError, RuntimeError, ValueError, EOFError, SafetensorError, UnpicklingError) as error:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"the checkpoint {saved[-1]} is damaged ({(str(error) or repr(error)).splitlines()[0]}); delete it, and"
            " the training goes on from the one before",
        ) from None
    return int(record["step"])


def _saved(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("step_*") if (path / "training.json").is_file())


def _identity(accelerator: Accelerator, config: LoopConfig, clips: list[Path]) -> dict[str, object]:
    """What makes a training the same one; an encoded clip's name changes with its videos."""
    content = {
        name: str(value) if isinstance(value, Path) else value for name, value in asdict(config).items()
    }
    settings = {name: value for name, value in content.items() if name not in MAY_CHANGE}
    videos = hashlib.sha256(" ".join(path.stem for path in clips).encode()).hexdigest()
    return (
        settings
        | {"trains": type(config).__name__}
        | {"number of processes": accelerator.num_processes, "set of videos": videos}
    )

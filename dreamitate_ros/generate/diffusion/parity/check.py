"""All cases of a folder of golden tensors, through the importer and the public classes."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from diffusers import AutoencoderKLTemporalDecoder

from dreamitate_ros.generate.diffusion.checkpoint.convert import import_checkpoint
from dreamitate_ros.generate.diffusion.load import load_pipeline
from dreamitate_ros.generate.diffusion.parity import encoder_cases, network_cases
from dreamitate_ros.generate.diffusion.parity.golden import Comparison, read_golden
from dreamitate_ros.generate.diffusion.settings import MEMORY

TOLERANCE = 1e-4
WEIGHTS = ("unet", "vae", "text")


def check_directory(directory: Path, show: Callable[[str], None]) -> bool:
    """Show one line a case, with its error relative to the largest golden value; whether all are within tolerance.

    Raises DreamitateError where the folder lacks weights or golden tensors.
    """
    worst = Comparison("none", 0.0)
    failed = 0
    for comparison in compare_directory(directory):
        is_good = comparison.error <= TOLERANCE
        failed += not is_good
        worst = max(worst, comparison, key=lambda one: one.error)
        show(f"{'ok    ' if is_good else 'FAILED'} {comparison.error:8.1e}  {comparison.name}")
    show(f"{failed} failed; the largest error is {worst.error:.1e} ({worst.name}); tolerance {TOLERANCE:.0e}")
    return failed == 0


def compare_directory(directory: Path) -> Iterator[Comparison]:
    """Every case, as soon as it is computed."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _compare(directory, Path(folder))


def _compare(directory: Path, model: Path) -> Iterator[Comparison]:
    paths = [directory / f"{name}.safetensors" for name in WEIGHTS]
    import_checkpoint(paths, model, torch.float32, None, lambda fraction, text: None)
    pipeline = load_pipeline(model, MEMORY["exact"], "cpu")
    target_vae = AutoencoderKLTemporalDecoder.from_pretrained(model / "target_vae")

    yield from network_cases.unet_case(read_golden(directory, "unet"), pipeline.unet)
    yield from network_cases.denoise_case(read_golden(directory, "denoise"), pipeline.unet)
    yield from network_cases.sampler_case(read_golden(directory, "sampler"), pipeline.unet)
    yield from network_cases.loss_case(read_golden(directory, "loss"), pipeline.unet)
    yield from encoder_cases.vae_case(read_golden(directory, "vae"), pipeline.vae, target_vae)
    yield from encoder_cases.text_case(read_golden(directory, "text"), pipeline)
    yield from encoder_cases.conditioning_case(read_golden(directory, "conditioning"), pipeline)

"""The original's golden tensors, where the folder with them is present."""

import os
import shutil
from pathlib import Path

import pytest
import torch
from diffusers import UNetSpatioTemporalConditionModel
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from dreamitate_ros.cli import main
from dreamitate_ros.generate.diffusion.checkpoint.plan import check
from dreamitate_ros.generate.diffusion.checkpoint.unet_names import plan_unet, unet_name
from dreamitate_ros.generate.diffusion.parity.check import compare_directory

GOLDEN = Path(
    os.environ.get("DREAMITATE_PARITY_DATA", Path(__file__).parents[3].parent / "shared" / "parity")
)
CASES = {"unet", "denoise", "sampler", "loss", "vae", "text", "conditioning"}

pytestmark = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the golden tensors are not on this machine")


def test_every_golden_case_is_reproduced_as_closely_as_a_port_can() -> None:
    comparisons = list(compare_directory(GOLDEN))
    assert {comparison.name.split(":")[0] for comparison in comparisons} == CASES
    assert not [comparison for comparison in comparisons if not comparison.error < 1e-5]


def test_other_weights_fail_the_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in GOLDEN.iterdir():
        shutil.copyfile(path, tmp_path / path.name)
    weights = load_file(tmp_path / "unet.safetensors")
    name = "model.diffusion_model.out.2.bias"
    weights[name] = weights[name].float() + 0.01
    save_file(weights, tmp_path / "unet.safetensors")
    for name in ("sampler", "denoise", "loss"):  # slow, and not needed to notice
        (tmp_path / f"{name}_case.npz").unlink()
    assert main(["check-parity", str(tmp_path)]) == 2  # a file is missing
    lines = capsys.readouterr()
    assert [line for line in lines.out.splitlines() if line.startswith("FAILED") and "unet: out" in line]
    assert "denoise_case.npz" in lines.err


def test_the_released_size_is_recognised_from_its_tensors() -> None:
    """The golden weights have the released names; the sizes here are those of Stable Video Diffusion XT."""
    with safe_open(GOLDEN / "unet.safetensors", "pt") as file:
        names = [name.removeprefix("model.diffusion_model.") for name in file.keys()]  # noqa: SIM118
    with torch.device("meta"):
        released = UNetSpatioTemporalConditionModel(num_attention_heads=(5, 10, 20, 20))
    ours = {name: tuple(tensor.shape) for name, tensor in released.state_dict().items()}
    shapes = {name: ours[unet_name(name, 2)] for name in names}
    plan = plan_unet(shapes)
    check(plan, shapes)
    made = plan.empty_model()
    assert made.num_parameters() == released.num_parameters() > 1.5e9
    chosen = {
        name: plan.config[name]
        for name in ("num_attention_heads", "block_out_channels", "cross_attention_dim")
    }
    assert chosen == {
        "num_attention_heads": [5, 10, 20, 20],
        "block_out_channels": [320, 640, 1280, 1280],
        "cross_attention_dim": 1024,
    }

"""Models as they are described in config/models."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from diffusers import UNetSpatioTemporalConditionModel

from dreamitate_ros.capture.framing import crop_image
from dreamitate_ros.cli import main
from dreamitate_ros.configuration import config_directory
from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.description import ModelDescription, load_description
from dreamitate_ros.generate.diffusion.generator import DiffusionGenerator
from dreamitate_ros.generate.diffusion.new_model import new_model, new_unet, parameters_m
from dreamitate_ros.generate.diffusion.pipeline import StereoVideoPipeline
from dreamitate_ros.generate.diffusion.settings import MEMORY, SAMPLING
from dreamitate_ros.task import Task
from dreamitate_ros.values import StereoImage

TINY = ModelDescription(24, 16, (32, 32), (True, False), 1, 16, (32, 32), 1, 8, 8, 1, 2, True, 0.02, 80.0)
TASK = Task("turn", "turn it", {"left": "block_left"}, 6.0, 3, 0.5, 30.0, 0.5, ((-1, 1),) * 3)


def silent(fraction: float, text: str) -> None:
    assert 0 <= fraction <= 1


def small_content() -> dict[str, dict[str, object]]:
    return yaml.safe_load((config_directory() / "models" / "small.yaml").read_text())


def test_the_small_model_is_small_and_loads_as_any_of_diffusers(tmp_path: Path) -> None:
    assert main(["new-model", "small", "--output", str(tmp_path / "model")]) == 0
    files = [*(tmp_path / "model").rglob("*.safetensors")]
    assert len(files) == 3
    assert sum(file.stat().st_size for file in files) <= 60e6
    pipeline = StereoVideoPipeline.from_pretrained(tmp_path / "model")
    assert parameters_m(pipeline)["unet"] == pytest.approx(7.5, abs=0.5)
    assert pipeline.native_size == (192, 112)
    assert pipeline.config.imagines_change
    assert (pipeline.scheduler.config.sigma_min, pipeline.scheduler.config.sigma_max) == (0.02, 80.0)


def test_svd_xt_is_the_unet_that_diffusers_makes_by_default() -> None:
    description = load_description("svd_xt", config_directory())
    with torch.device("meta"):
        ours, theirs = new_unet(description), UNetSpatioTemporalConditionModel()
    assert {name: p.shape for name, p in ours.named_parameters()} == {
        name: p.shape for name, p in theirs.named_parameters()
    }
    assert ours.config.num_attention_heads == theirs.config.num_attention_heads


def test_a_seed_is_a_model() -> None:
    first, again, other = (new_model(TINY, seed).unet.conv_in.weight for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_photos_are_shrunk_to_the_models_size_which_its_videos_have() -> None:
    generator = DiffusionGenerator(new_model(TINY, 0), replace(SAMPLING["small"], steps=1), MEMORY["14GB"])
    random = np.random.default_rng(0)
    photos = StereoImage(*(random.integers(0, 255, (32, 48, 3), dtype=np.uint8) for _ in range(2)))
    video = generator.generate(photos, TASK, 0, silent, lambda: False)
    assert video.top.shape == video.side.shape == (3, 16, 24, 3)
    assert np.array_equal(video.top[0], crop_image(photos.top, 24, 16))
    assert np.array_equal(video.side[0], crop_image(photos.side, 24, 16))
    wide = StereoImage(photos.top[:16], photos.side[:16])
    with pytest.raises(DreamitateError, match="48x16 px, but what is imagined is 24x16") as caught:
        generator.generate(wide, TASK, 0, silent, lambda: False)
    assert caught.value.code == ErrorCode.WRONG_CLIP_SIZE


def test_a_folder_with_something_in_it_is_not_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").touch()
    assert main(["new-model", "small", "--output", str(tmp_path)]) == 2
    assert "is not empty" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("section", "key", "value", "names"),
    [
        ("unet", "channels", [64, 90, 128], "multiples of 32"),
        ("unet", "attention", [True], "each of the 2 levels"),
        ("unet", "attention", [1, 0, 0], "true or false"),
        ("unet", "layers", 0, r"unet\.layers must be a whole number"),
        ("unet", "head_channels", 48, r"multiples of head_channels \(48\)"),
        ("unet", "depth", 3, "'depth' is unknown"),
        ("vae", "channels", "many", r"vae\.channels"),
        ("text", "heads", 3, r"text\.heads"),
        ("noise", "sigma_max", 0.5, r"noise\.sigma_max must be a number from 1"),
    ],
)
def test_what_cannot_be_built_is_named(
    tmp_path: Path, section: str, key: str, value: object, names: str
) -> None:
    content = small_content()
    content[section][key] = value
    path = tmp_path / "wrong.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(DreamitateError, match=names):
        load_description(str(path), config_directory())


def test_sizes_that_cannot_be_halved_and_unknown_models_are_named(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(yaml.safe_dump(small_content() | {"width": 200}))
    with pytest.raises(DreamitateError, match=r"multiples of 16.*200x112"):
        load_description(str(path), config_directory())
    path.write_text(yaml.safe_dump(small_content() | {"imagines_change": 1}))
    with pytest.raises(DreamitateError, match="imagines_change must be true or false"):
        load_description(str(path), config_directory())
    with pytest.raises(DreamitateError, match="known models: small, svd_xt"):
        load_description("huge", config_directory())

"""Importing checkpoints of the original's layout."""

import importlib.util
import os
from pathlib import Path
from types import ModuleType

import pytest
import torch
from diffusers import AutoencoderKLTemporalDecoder, UNetSpatioTemporalConditionModel
from safetensors.torch import load_file, save_file
from torch import Tensor

from dreamitate_ros.cli import main
from dreamitate_ros.errors import DreamitateError
from dreamitate_ros.generate.diffusion.checkpoint.convert import import_checkpoint
from dreamitate_ros.generate.diffusion.pipeline import StereoVideoPipeline
from dreamitate_ros.generate.diffusion.scheduler import original_scheduler

Weights = dict[str, Tensor]


def beside(name: str) -> ModuleType:
    """A module of this folder, which is no package."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


original_names = beside("original_names")


@pytest.fixture
def unet(pipeline: StereoVideoPipeline) -> Weights:
    return original_names.original_unet(pipeline.unet)


@pytest.fixture
def vae(pipeline: StereoVideoPipeline) -> Weights:
    return original_names.original_vae(pipeline.vae)


@pytest.fixture
def text() -> Weights:
    """OpenCLIP's text tower of width 16, without a prefix as in its own files."""
    weights = {
        "token_embedding.weight": torch.randn(49408, 16),
        "positional_embedding": torch.randn(77, 16),
        "text_projection": torch.randn(16, 24),
        "ln_final.weight": torch.randn(16),
        "ln_final.bias": torch.randn(16),
        "logit_scale": torch.tensor(1.0),
        "visual.proj": torch.randn(4, 4),
    }
    return weights | resblock("transformer.resblocks.0", 16)


def resblock(layer: str, width: int) -> Weights:
    """One layer of either tower of OpenCLIP."""
    weights = {}
    shapes = {"attn.in_proj_": (3, 1), "attn.out_proj.": (1, 1), "mlp.c_fc.": (4, 1), "mlp.c_proj.": (1, 4)}
    for name, (rows, columns) in shapes.items():
        weights[f"{layer}.{name}weight"] = torch.randn(rows * width, columns * width)
        weights[f"{layer}.{name}bias"] = torch.randn(rows * width)
    for norm in ("ln_1", "ln_2"):
        weights |= {f"{layer}.{norm}.{kind}": torch.randn(width) for kind in ("weight", "bias")}
    return weights


def image_tower() -> Weights:
    """OpenCLIP's image tower of width 16 for 28 px in patches of 14 px, and two tensors of a text tower."""
    weights = {
        "visual.class_embedding": torch.randn(16),
        "visual.positional_embedding": torch.randn(5, 16),
        "visual.conv1.weight": torch.randn(16, 3, 14, 14),
        "visual.proj": torch.randn(16, 16),
        "positional_embedding": torch.randn(77, 16),
        "text_projection": torch.randn(16, 16),
    }
    for norm in ("ln_pre", "ln_post"):
        weights |= {f"visual.{norm}.{kind}": torch.randn(16) for kind in ("weight", "bias")}
    return weights | resblock("visual.transformer.resblocks.0", 16)


def stored(weights: Weights, path: Path) -> Path:
    if path.suffix == ".safetensors":
        save_file(weights, path)
    else:
        torch.save({"state_dict": weights}, path)
    return path


def imported(output: Path, *sources: Path, dtype: torch.dtype = torch.float32) -> tuple[str, ...]:
    return import_checkpoint(list(sources), output, dtype, None, lambda fraction, name: None).components


def same(model: torch.nn.Module, other: torch.nn.Module) -> bool:
    ours, theirs = model.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


@pytest.mark.parametrize("suffix", [".safetensors", ".ckpt"])
def test_a_whole_model_arrives_tensor_by_tensor(
    pipeline: StereoVideoPipeline, unet: Weights, vae: Weights, text: Weights, tmp_path: Path, suffix: str
) -> None:
    model = stored(unet | vae, tmp_path / f"model{suffix}")
    clip = stored(text, tmp_path / f"clip{suffix}")
    components = imported(tmp_path / "out", model, clip)
    assert set(components) == {"unet", "vae", "target_vae", "text_encoder"}

    loaded = StereoVideoPipeline.from_pretrained(tmp_path / "out")
    assert same(loaded.unet, pipeline.unet)
    assert same(loaded.vae, pipeline.vae)
    target = AutoencoderKLTemporalDecoder.from_pretrained(tmp_path / "out" / "target_vae")
    assert torch.equal(target.quant_conv.weight[:, :, 0, 0], torch.eye(8))
    assert target.quant_conv.bias.abs().max() == 0
    assert torch.equal(target.encoder.conv_in.weight, vae["first_stage_model.encoder.conv_in.weight"])
    attention = loaded.text_encoder.text_model.encoder.layers[0].self_attn
    assert torch.equal(attention.k_proj.weight, text["transformer.resblocks.0.attn.in_proj_weight"][16:32])
    assert torch.equal(loaded.text_encoder.text_projection.weight, text["text_projection"].T)


@pytest.mark.parametrize("prefix", ["", "diffusion_model.", "model.diffusion_model."])
def test_the_unet_alone(pipeline: StereoVideoPipeline, unet: Weights, tmp_path: Path, prefix: str) -> None:
    weights = {prefix + name.removeprefix("model.diffusion_model."): tensor for name, tensor in unet.items()}
    components = imported(tmp_path / "out", stored(weights, tmp_path / "unet.safetensors"))
    assert "unet" in components and "vae" not in components
    loaded = UNetSpatioTemporalConditionModel.from_pretrained(tmp_path / "out" / "unet")
    assert same(loaded, pipeline.unet)
    assert list(loaded.config.num_attention_heads) == [2, 4]


def test_components_can_come_one_after_the_other(
    unet: Weights, vae: Weights, text: Weights, tmp_path: Path
) -> None:
    for name, weights in (("unet", unet), ("vae", vae), ("text", text)):
        imported(tmp_path / "out", stored(weights, tmp_path / f"{name}.safetensors"))
    StereoVideoPipeline.from_pretrained(tmp_path / "out")


def test_half_precision_is_stored_as_asked(unet: Weights, tmp_path: Path) -> None:
    imported(tmp_path / "out", stored(unet, tmp_path / "unet.safetensors"), dtype=torch.float16)
    weights = load_file(tmp_path / "out" / "unet" / "diffusion_pytorch_model.safetensors")
    assert {tensor.dtype for tensor in weights.values()} == {torch.float16}


def test_an_interrupted_import_goes_on_where_it_was(unet: Weights, vae: Weights, tmp_path: Path) -> None:
    source = stored(unet | vae, tmp_path / "model.safetensors")
    with pytest.raises(KeyboardInterrupt):
        import_checkpoint([source], tmp_path / "out", torch.float32, None, interrupt_at("vae"))
    finished = tmp_path / "out" / "unet" / "diffusion_pytorch_model.safetensors"
    assert not (tmp_path / "out" / "vae" / "diffusion_pytorch_model.safetensors").exists()
    os.utime(finished, ns=(1, 1))
    imported(tmp_path / "out", source)
    assert finished.stat().st_mtime_ns == 1  # not written again
    assert (tmp_path / "out" / "vae" / "diffusion_pytorch_model.safetensors").exists()

    other = stored(
        {name: tensor + 1 for name, tensor in (unet | vae).items()}, tmp_path / "model.safetensors"
    )
    imported(tmp_path / "out", other)
    assert finished.stat().st_mtime_ns != 1  # from another source


def interrupt_at(component: str):
    def progress(fraction: float, name: str) -> None:
        if name == component:
            raise KeyboardInterrupt

    return progress


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
def test_every_fault_of_a_checkpoint_is_named_before_anything_is_written(
    unet: Weights, tmp_path: Path, suffix: str
) -> None:
    prefix = "model.diffusion_model."
    del unet[f"{prefix}input_blocks.3.0.in_layers.2.weight"]
    unet[f"{prefix}middle_block.9.mystery.weight"] = torch.zeros(3)
    unet[f"{prefix}out.2.bias"] = torch.zeros(7)
    with pytest.raises(DreamitateError) as caught:
        imported(tmp_path / "out", stored(unet, tmp_path / f"unet{suffix}"))
    message = caught.value.message
    assert "missing: down_blocks.1.resnets.0.spatial_res_block.conv1.weight" in message
    assert "unexpected: model.diffusion_model.middle_block.9.mystery.weight" in message
    assert "wrong shape: model.diffusion_model.out.2.bias is 7, conv_out.bias 4" in message
    assert not (tmp_path / "out").exists()


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    source = stored({"backbone.weight": torch.zeros(2)}, tmp_path / "other.safetensors")
    with pytest.raises(DreamitateError, match=r"unexpected: backbone\.weight"):
        imported(tmp_path / "out", source)


def test_moving_averages_are_left_out_and_counted(unet: Weights, tmp_path: Path) -> None:
    unet["model_ema.decay"] = torch.zeros(1)
    source = stored(unet, tmp_path / "unet.safetensors")
    result = import_checkpoint([source], tmp_path / "out", torch.float32, None, lambda fraction, name: None)
    assert result.needless == 1


def test_a_folder_of_diffusers_is_copied_and_the_originals_layout_counts_before_it(
    pipeline: StereoVideoPipeline, unet: Weights, tmp_path: Path
) -> None:
    pipeline.save_pretrained(tmp_path / "plain")
    imported(tmp_path / "out", tmp_path / "plain")
    loaded = StereoVideoPipeline.from_pretrained(tmp_path / "out")
    for component in ("unet", "vae", "text_encoder"):
        assert same(getattr(loaded, component), getattr(pipeline, component)), component
    trained = {name: tensor + 1 for name, tensor in unet.items()}
    imported(tmp_path / "out", tmp_path / "plain", stored(trained, tmp_path / "unet.safetensors"))
    after = StereoVideoPipeline.from_pretrained(tmp_path / "out").unet
    assert torch.equal(after.conv_out.bias, pipeline.unet.conv_out.bias + 1)


def test_a_model_of_ours_keeps_its_noise_levels_and_what_it_imagines(
    pipeline: StereoVideoPipeline, tmp_path: Path
) -> None:
    parts = {name: part for name, part in pipeline.components.items() if name != "image_encoder"}
    parts["scheduler"] = original_scheduler(0.02, 80.0)
    StereoVideoPipeline(**parts, imagines_change=True).save_pretrained(tmp_path / "ours")
    imported(tmp_path / "out", tmp_path / "ours")
    loaded = StereoVideoPipeline.from_pretrained(tmp_path / "out")
    assert loaded.config.imagines_change
    assert loaded.scheduler.config.sigma_max == 80.0
    (tmp_path / "ours" / "model_index.json").write_text("{")
    with pytest.raises(DreamitateError, match=r"model_index\.json is damaged"):
        imported(tmp_path / "again", tmp_path / "ours")
    assert not (tmp_path / "again").exists()


def test_a_folder_without_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(DreamitateError, match="no model of diffusers"):
        imported(tmp_path / "out", tmp_path)


def test_plain_stable_video_diffusion_brings_its_image_encoder(
    unet: Weights, vae: Weights, tmp_path: Path
) -> None:
    """It keeps the odd tensor of the text tower that it does not run."""
    tower = image_tower()
    weights = {f"conditioner.embedders.0.open_clip.model.{name}": tensor for name, tensor in tower.items()}
    source = stored(unet | vae | weights, tmp_path / "svd.safetensors")
    result = import_checkpoint([source], tmp_path / "out", torch.float32, None, lambda fraction, name: None)
    assert "image_encoder" in result.components and "text_encoder" not in result.components
    assert result.needless == 2
    encoder = StereoVideoPipeline.from_pretrained(tmp_path / "out").image_encoder
    assert (encoder.config.image_size, encoder.config.num_attention_heads) == (28, 2)
    attention = encoder.vision_model.encoder.layers[0].self_attn
    assert torch.equal(attention.v_proj.bias, tower["visual.transformer.resblocks.0.attn.in_proj_bias"][32:])
    assert torch.equal(encoder.visual_projection.weight, tower["visual.proj"].T)


class Unwanted:
    """What runs code when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch ran",)


@pytest.mark.parametrize(
    "name", ["cut.safetensors", "cut.ckpt", "code.ckpt", "text.ckpt", "absent.safetensors"]
)
def test_an_unreadable_file_is_one_clear_error(
    unet: Weights,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / name
    if name.startswith("cut"):
        stored(unet, path)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif name == "code.ckpt":
        torch.save({"state_dict": {"model": Unwanted()}}, path)
    elif name == "text.ckpt":
        path.write_text("hello, no checkpoint")
    assert main(["import-checkpoint", str(path), "--output", str(tmp_path / "out")]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and name in lines[0]
    assert not (tmp_path / "ran").exists()

"""The autoencoder: module names and architecture of the original in those of diffusers."""

import re
from typing import Any

import torch
from diffusers import AutoencoderKLTemporalDecoder
from torch import Tensor

from dreamitate_ros.generate.diffusion.checkpoint.plan import Plan, Shapes, Take, required_shape

ENCODER, DECODER = "first_stage_model.encoder.", "first_stage_model.decoder."
CONDITION_ENCODER = "conditioner.embedders.3.encoder.encoder."
CONDITION_QUANT = "conditioner.embedders.3.encoder.quant_conv."

ATTENTION = {"norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0"}
TEMPORAL = {"in_layers.0": "norm1", "in_layers.2": "conv1", "out_layers.0": "norm2", "out_layers.3": "conv2"}


def plan_vae(shapes: Shapes) -> Plan:
    """The autoencoder that imagining needs: the conditioner's encoder where there is one, and the decoder.

    A checkpoint without a conditioner's encoder (only the first stage) lends its first stage's.
    """
    if not any(name.startswith(CONDITION_ENCODER) for name in shapes):
        return plan_target_vae(shapes, "vae")
    quant = {f"quant_conv.{kind}": Take(f"{CONDITION_QUANT}{kind}") for kind in ("weight", "bias")}
    return _plan("vae", shapes, CONDITION_ENCODER, quant)


def plan_target_vae(shapes: Shapes, folder: str = "target_vae") -> Plan:
    """The first stage, which encodes what training aims at. It has no quant_conv: ours is the identity."""
    last = f"{ENCODER}conv_out.bias"
    quant = {"quant_conv.weight": Take(last, _identity), "quant_conv.bias": Take(last, torch.zeros_like)}
    return _plan(folder, shapes, ENCODER, quant)


def _plan(folder: str, shapes: Shapes, encoder: str, quant: dict[str, Take]) -> Plan:
    config = vae_config(shapes, encoder)
    levels = len(config["block_out_channels"])
    takes = dict(quant)
    for name in shapes:
        if name.startswith(encoder):
            takes[f"encoder.{encoder_name(name.removeprefix(encoder))}"] = _take(name)
        elif name.startswith(DECODER):
            takes[f"decoder.{decoder_name(name.removeprefix(DECODER), levels)}"] = _take(name)
    return Plan(folder, AutoencoderKLTemporalDecoder, config, takes)


def vae_config(shapes: Shapes, encoder: str) -> dict[str, Any]:
    """The architecture, read from the shapes."""
    pattern = re.compile(re.escape(encoder) + r"down\.(\d+)\.block\.(\d+)\.conv1\.weight")
    blocks = [(int(m[1]), int(m[2])) for name in shapes if (m := pattern.fullmatch(name))]
    levels = 1 + max((level for level, _ in blocks), default=0)
    return {
        "in_channels": required_shape(shapes, f"{encoder}conv_in.weight")[1],
        "out_channels": required_shape(shapes, f"{DECODER}conv_out.weight")[0],
        "latent_channels": required_shape(shapes, f"{DECODER}conv_in.weight")[1],
        "block_out_channels": [
            required_shape(shapes, f"{encoder}down.{level}.block.0.conv1.weight")[0]
            for level in range(levels)
        ],
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "layers_per_block": 1 + max((block for _, block in blocks), default=0),
        "scaling_factor": 0.18215,
    }


def encoder_name(name: str) -> str:
    """diffusers' name of a tensor of the encoder."""
    name = re.sub(r"^down\.(\d+)\.block\.(\d+)\.", r"down_blocks.\1.resnets.\2.", name)
    name = re.sub(r"^down\.(\d+)\.downsample\.", r"down_blocks.\1.downsamplers.0.", name)
    return _shared(name)


def decoder_name(name: str, levels: int) -> str:
    """diffusers' name of a tensor of the decoder; the original counts its levels from the finest."""
    name = name.replace("conv_out.time_mix_conv.", "time_conv_out.")
    match = re.match(r"up\.(\d+)\.(block|upsample)\.", name)
    if match:
        level, rest = levels - 1 - int(match[1]), name[match.end() :]
        if match[2] == "upsample":
            return f"up_blocks.{level}.upsamplers.0.{rest}"
        block, _, rest = rest.partition(".")
        return f"up_blocks.{level}.resnets.{block}.{_mixed(rest)}"
    match = re.match(r"mid\.block_(\d)\.", name)
    if match:
        return f"mid_block.resnets.{int(match[1]) - 1}.{_mixed(name[match.end() :])}"
    return _shared(name)


def _shared(name: str) -> str:
    name = re.sub(r"^mid\.block_(\d)\.", lambda m: f"mid_block.resnets.{int(m[1]) - 1}.", name)
    name = re.sub(
        r"^mid\.attn_1\.(\w+)\.", lambda m: f"mid_block.attentions.0.{ATTENTION.get(m[1], m[1])}.", name
    )
    return name.replace("nin_shortcut", "conv_shortcut").replace("norm_out", "conv_norm_out")


def _mixed(rest: str) -> str:
    """Inside a block of the decoder, which mixes a spatial and a temporal branch."""
    if rest == "mix_factor":
        return "time_mixer.mix_factor"
    if not rest.startswith("time_stack."):
        return f"spatial_res_block.{rest.replace('nin_shortcut', 'conv_shortcut')}"
    layer, _, kind = rest.removeprefix("time_stack.").rpartition(".")
    return f"temporal_res_block.{TEMPORAL.get(layer, layer)}.{kind}"


def _take(name: str) -> Take:
    """Attention is made of 1x1 convolutions in the original and of linear layers in diffusers."""
    is_projection = ".mid.attn_1." in name and name.endswith(".weight") and ".norm." not in name
    return Take(name, _linear) if is_projection else Take(name)


def _linear(kernel: Tensor) -> Tensor:
    return kernel[:, :, 0, 0]


def _identity(bias: Tensor) -> Tensor:
    return torch.eye(len(bias), dtype=bias.dtype, device=bias.device)[:, :, None, None]

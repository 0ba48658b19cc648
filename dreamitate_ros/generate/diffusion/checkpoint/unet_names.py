"""The UNet: module names and architecture of the original (Stability's sgm) in those of diffusers."""

import re
from typing import Any

from diffusers import UNetSpatioTemporalConditionModel

from dreamitate_ros.generate.diffusion.checkpoint.plan import Plan, Shapes, Take, heads, required_shape

MICRO_CONDITIONS = 3
"""fps, motion and noise augmentation, embedded one after the other."""

ENDS = {
    "input_blocks.0.0": "conv_in",
    "time_embed.0": "time_embedding.linear_1",
    "time_embed.2": "time_embedding.linear_2",
    "label_emb.0.0": "add_embedding.linear_1",
    "label_emb.0.2": "add_embedding.linear_2",
    "out.0": "conv_norm_out",
    "out.2": "conv_out",
}
RESIDUAL = {
    "in_layers.0": "norm1",
    "in_layers.2": "conv1",
    "emb_layers.1": "time_emb_proj",
    "out_layers.0": "norm2",
    "out_layers.3": "conv2",
    "skip_connection": "conv_shortcut",
}


def plan_unet(shapes: Shapes, head_channels: int | None = None) -> Plan:
    """How the UNet is made. shapes: the tensors of `model.diffusion_model`, without that prefix."""
    config = unet_config(shapes, head_channels)
    layers = config["layers_per_block"]
    takes = {unet_name(name, layers): Take(name) for name in shapes}
    return Plan("unet", UNetSpatioTemporalConditionModel, config, takes)


def unet_config(shapes: Shapes, head_channels: int | None = None) -> dict[str, Any]:
    """The architecture, read from the shapes."""
    blocks = 1 + max(
        (int(m[1]) for name in shapes if (m := re.match(r"input_blocks\.(\d+)\.", name))), default=0
    )
    downsamplers = [n for n in range(blocks) if f"input_blocks.{n}.0.op.weight" in shapes]
    layers = (downsamplers[0] if downsamplers else blocks) - 1
    first_of_level = range(1, blocks, layers + 1)
    channels = [required_shape(shapes, f"input_blocks.{n}.0.out_layers.3.weight")[0] for n in first_of_level]
    attends = [f"input_blocks.{n}.1.proj_in.weight" in shapes for n in first_of_level]
    per_head = channels[0] // heads(channels[0], head_channels)
    return {
        "in_channels": required_shape(shapes, "input_blocks.0.0.weight")[1],
        "out_channels": required_shape(shapes, "out.2.weight")[0],
        "block_out_channels": channels,
        "layers_per_block": layers,
        "down_block_types": [_block("Down", attention) for attention in attends],
        "up_block_types": [_block("Up", attention) for attention in reversed(attends)],
        "num_attention_heads": [level // per_head for level in channels],
        "cross_attention_dim": required_shape(
            shapes, "middle_block.1.transformer_blocks.0.attn2.to_k.weight"
        )[1],
        "projection_class_embeddings_input_dim": required_shape(shapes, "label_emb.0.0.weight")[1],
        "addition_time_embed_dim": required_shape(shapes, "label_emb.0.0.weight")[1] // MICRO_CONDITIONS,
        "num_frames": 25,
    }


def _block(direction: str, attention: bool) -> str:
    return f"{'CrossAttn' if attention else ''}{direction}BlockSpatioTemporal"


def unet_name(name: str, layers: int) -> str:
    """diffusers' name of a tensor; one that the original does not have keeps its name. layers: a level."""
    for end, ours in ENDS.items():
        if name.startswith(f"{end}."):
            return ours + name.removeprefix(end)
    match = re.fullmatch(r"(input_blocks|output_blocks|middle_block)\.(\d+)\.(.+)", name)
    if match is None:
        return name
    part, index, rest = match[1], int(match[2]), match[3]
    if part == "middle_block":
        return (
            f"mid_block.attentions.0.{_attention(rest)}"
            if index == 1
            else f"mid_block.resnets.{index // 2}.{_residual(rest)}"
        )
    if part == "input_blocks":
        level, position = divmod(index - 1, layers + 1)
        return f"down_blocks.{level}.{_in_block(rest, position)}"
    level, position = divmod(index, layers + 1)
    return f"up_blocks.{level}.{_in_block(rest, position)}"


def _in_block(rest: str, position: int) -> str:
    module, _, rest = rest.partition(".")
    if rest.startswith("op."):
        return f"downsamplers.0.conv.{rest.removeprefix('op.')}"
    if rest.startswith("conv."):
        return f"upsamplers.0.{rest}"
    if module == "0":
        return f"resnets.{position}.{_residual(rest)}"
    return f"attentions.{position}.{_attention(rest)}"


def _residual(rest: str) -> str:
    if rest.startswith("time_mixer."):
        return rest
    branch = "temporal" if rest.startswith("time_stack.") else "spatial"
    layer, _, kind = rest.removeprefix("time_stack.").rpartition(".")
    return f"{branch}_res_block.{RESIDUAL.get(layer, layer)}.{kind}"


def _attention(rest: str) -> str:
    rest = rest.replace("time_pos_embed.0.", "time_pos_embed.linear_1.")
    rest = rest.replace("time_pos_embed.2.", "time_pos_embed.linear_2.")
    return re.sub(r"^time_stack\.", "temporal_transformer_blocks.", rest)

"""The toy model's weights under the original's names, written down independently of the importer.

For a UNet of two levels with one block each, and an autoencoder likewise.
"""

import re

from torch import Tensor, nn

RESIDUAL = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "time_emb_proj": "emb_layers.1",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "conv_shortcut": "skip_connection",
}
UNET_PLACES = {
    "conv_in": "input_blocks.0.0",
    "down_blocks.0.resnets.0": "input_blocks.1.0",
    "down_blocks.0.attentions.0": "input_blocks.1.1",
    "down_blocks.0.downsamplers.0.conv": "input_blocks.2.0.op",
    "down_blocks.1.resnets.0": "input_blocks.3.0",
    "mid_block.resnets.0": "middle_block.0",
    "mid_block.attentions.0": "middle_block.1",
    "mid_block.resnets.1": "middle_block.2",
    "up_blocks.0.resnets.0": "output_blocks.0.0",
    "up_blocks.0.resnets.1": "output_blocks.1.0",
    "up_blocks.0.upsamplers.0.conv": "output_blocks.1.1.conv",
    "up_blocks.1.resnets.0": "output_blocks.2.0",
    "up_blocks.1.attentions.0": "output_blocks.2.1",
    "up_blocks.1.resnets.1": "output_blocks.3.0",
    "up_blocks.1.attentions.1": "output_blocks.3.1",
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}
CODER_PLACES = {
    "down_blocks.0.resnets.0": "down.0.block.0",
    "down_blocks.0.downsamplers.0.conv": "down.0.downsample.conv",
    "down_blocks.1.resnets.0": "down.1.block.0",
    "up_blocks.0.resnets.0": "up.1.block.0",
    "up_blocks.0.resnets.1": "up.1.block.1",
    "up_blocks.0.upsamplers.0.conv": "up.1.upsample.conv",
    "up_blocks.1.resnets.0": "up.0.block.0",
    "up_blocks.1.resnets.1": "up.0.block.1",
    "mid_block.resnets.0": "mid.block_1",
    "mid_block.resnets.1": "mid.block_2",
    "mid_block.attentions.0.group_norm": "mid.attn_1.norm",
    "mid_block.attentions.0.to_q": "mid.attn_1.q",
    "mid_block.attentions.0.to_k": "mid.attn_1.k",
    "mid_block.attentions.0.to_v": "mid.attn_1.v",
    "mid_block.attentions.0.to_out.0": "mid.attn_1.proj_out",
    "conv_in": "conv_in",
    "conv_norm_out": "norm_out",
    "conv_out": "conv_out",
    "time_conv_out": "conv_out.time_mix_conv",
}


def original_unet(unet: nn.Module) -> dict[str, Tensor]:
    return {f"model.diffusion_model.{_unet(name)}": tensor for name, tensor in unet.state_dict().items()}


def original_vae(vae: nn.Module) -> dict[str, Tensor]:
    """The first stage; ours has the conditioner's quant_conv besides."""
    weights = {}
    for name, tensor in vae.state_dict().items():
        part, _, rest = name.partition(".")
        if part == "quant_conv":
            weights[f"conditioner.embedders.3.encoder.{name}"] = tensor
            continue
        is_projection = ".attentions." in name and name.endswith("weight") and tensor.ndim == 2
        tensor = tensor[:, :, None, None].contiguous() if is_projection else tensor
        weights[f"first_stage_model.{part}.{_coder(rest)}"] = tensor
        if part == "encoder":
            weights[f"conditioner.embedders.3.encoder.encoder.{_coder(rest)}"] = tensor.clone()
    return weights


def _unet(name: str) -> str:
    place, rest = _place(name, UNET_PLACES)
    branch, _, inner = rest.partition("_res_block.")
    if inner:
        layer, _, kind = inner.rpartition(".")
        return f"{place}.{'time_stack.' if branch == 'temporal' else ''}{RESIDUAL[layer]}.{kind}"
    rest = rest.replace("temporal_transformer_blocks", "time_stack")
    return f"{place}." + re.sub(r"linear_(\d)", lambda m: str(2 * int(m[1]) - 2), rest)


def _coder(name: str) -> str:
    place, rest = _place(name, CODER_PLACES)
    if rest.startswith("temporal_res_block."):
        layer, _, kind = rest.removeprefix("temporal_res_block.").rpartition(".")
        return f"{place}.time_stack.{RESIDUAL[layer]}.{kind}"
    rest = rest.removeprefix("spatial_res_block.").replace("time_mixer.", "")
    return f"{place}.{rest.replace('conv_shortcut', 'nin_shortcut')}"


def _place(name: str, places: dict[str, str]) -> tuple[str, str]:
    place = next(place for place in places if name.startswith(f"{place}."))
    return places[place], name.removeprefix(f"{place}.")

"""CLIP's towers: OpenCLIP's names and architecture in those of transformers."""

import re
from collections.abc import Callable
from typing import Any

from torch import Tensor
from transformers import CLIPTextModelWithProjection, CLIPVisionModelWithProjection

from dreamitate_ros.generate.diffusion.checkpoint.plan import Plan, Shapes, Take, heads, required_shape

START_TOKEN, END_TOKEN = 49406, 49407

TEXT_ENDS = {
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "ln_final.weight": "text_model.final_layer_norm.weight",
    "ln_final.bias": "text_model.final_layer_norm.bias",
}
IMAGE_ENDS = {
    "class_embedding": "vision_model.embeddings.class_embedding",
    "positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "ln_pre.weight": "vision_model.pre_layrnorm.weight",
    "ln_pre.bias": "vision_model.pre_layrnorm.bias",
    "ln_post.weight": "vision_model.post_layernorm.weight",
    "ln_post.bias": "vision_model.post_layernorm.bias",
}
LAYER = {
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
    "attn.out_proj": "self_attn.out_proj",
}
RESBLOCK = re.compile(r"transformer\.resblocks\.(\d+)\.(.+)")
WIDE_HEAD = 80
"""Channels of a head in the image tower of ViT-H, of width 1280; every other tower has 64."""


def has_tower(shapes: Shapes) -> bool:
    """Whether there is a transformer; image models keep the odd tensor of a text tower that they do not run."""
    return any(RESBLOCK.fullmatch(name) for name in shapes)


def plan_text_encoder(shapes: Shapes) -> Plan:
    """How the text encoder is made. shapes: the tensors of OpenCLIP's text tower, without a prefix."""
    width, dimension = required_shape(shapes, "text_projection")
    config = _tower(shapes, width, dimension) | {
        "vocab_size": required_shape(shapes, "token_embedding.weight")[0],
        "max_position_embeddings": required_shape(shapes, "positional_embedding")[0],
        "num_attention_heads": heads(width, None),
        "bos_token_id": START_TOKEN,
        "eos_token_id": END_TOKEN,
        "pad_token_id": 0,
    }
    takes: dict[str, Take] = {}
    for name in shapes:
        takes |= _takes(name, width, "text_model", "text_projection", TEXT_ENDS)
    return Plan("text_encoder", CLIPTextModelWithProjection, config, takes)


def plan_image_encoder(shapes: Shapes) -> Plan:
    """How the image encoder is made. shapes: the tensors of OpenCLIP's `visual`, without that prefix."""
    width, dimension = required_shape(shapes, "proj")
    patch = required_shape(shapes, "conv1.weight")[-1]
    patches = required_shape(shapes, "positional_embedding")[0] - 1
    config = _tower(shapes, width, dimension) | {
        "patch_size": patch,
        "image_size": patch * round(patches**0.5),
        "num_attention_heads": heads(width, WIDE_HEAD if width % WIDE_HEAD == 0 else None),
    }
    takes: dict[str, Take] = {}
    for name in shapes:
        takes |= _takes(name, width, "vision_model", "visual_projection", IMAGE_ENDS)
    return Plan("image_encoder", CLIPVisionModelWithProjection, config, takes)


def _tower(shapes: Shapes, width: int, dimension: int) -> dict[str, Any]:
    return {
        "hidden_size": width,
        "projection_dim": dimension,
        "intermediate_size": required_shape(shapes, "transformer.resblocks.0.mlp.c_fc.weight")[0],
        "num_hidden_layers": len({m[1] for name in shapes if (m := RESBLOCK.fullmatch(name))}),
        "hidden_act": "gelu",
    }


def _takes(name: str, width: int, tower: str, projection: str, ends: dict[str, str]) -> dict[str, Take]:
    if name in ("text_projection", "proj"):
        return {f"{projection}.weight": Take(name, lambda matrix: matrix.T)}
    match = RESBLOCK.fullmatch(name)
    if match is None:
        return {ends.get(name, name): Take(name)}
    layer = f"{tower}.encoder.layers.{match[1]}"
    if match[2].startswith("attn.in_proj_"):
        kind = match[2].removeprefix("attn.in_proj_")
        return {
            f"{layer}.self_attn.{part}_proj.{kind}": Take(name, _rows(index, width))
            for index, part in enumerate("qkv")
        }
    module, _, kind = match[2].rpartition(".")
    return {f"{layer}.{LAYER.get(module, module)}.{kind}": Take(name)}


def _rows(index: int, width: int) -> Callable[[Tensor], Tensor]:
    """Queries, keys and values are one matrix in OpenCLIP."""
    return lambda packed: packed[index * width : (index + 1) * width]

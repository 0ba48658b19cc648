"""The text encoder: OpenCLIP's names and architecture in those of transformers."""

import re
from collections.abc import Callable

from torch import Tensor
from transformers import CLIPTextModelWithProjection

from dreamitate_ros.generate.diffusion.checkpoint.plan import Plan, Shapes, Take, heads, required_shape

START_TOKEN, END_TOKEN = 49406, 49407

ENDS = {
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "ln_final.weight": "text_model.final_layer_norm.weight",
    "ln_final.bias": "text_model.final_layer_norm.bias",
}
LAYER = {
    "ln_1": "layer_norm1",
    "ln_2": "layer_norm2",
    "mlp.c_fc": "mlp.fc1",
    "mlp.c_proj": "mlp.fc2",
    "attn.out_proj": "self_attn.out_proj",
}


def plan_text_encoder(shapes: Shapes) -> Plan:
    """How the text encoder is made. shapes: the tensors of OpenCLIP's text tower, without a prefix."""
    width, dimension = required_shape(shapes, "text_projection")
    vocabulary = required_shape(shapes, "token_embedding.weight")[0]
    layers = {m[1] for name in shapes if (m := re.match(r"transformer\.resblocks\.(\d+)\.", name))}
    config = {
        "vocab_size": vocabulary,
        "hidden_size": width,
        "projection_dim": dimension,
        "intermediate_size": required_shape(shapes, "transformer.resblocks.0.mlp.c_fc.weight")[0],
        "num_hidden_layers": len(layers),
        "num_attention_heads": heads(width, None),
        "max_position_embeddings": required_shape(shapes, "positional_embedding")[0],
        "hidden_act": "gelu",
        "bos_token_id": START_TOKEN,
        "eos_token_id": END_TOKEN,
        "pad_token_id": 0,
    }
    takes: dict[str, Take] = {}
    for name in shapes:
        takes.update(_takes(name, width))
    return Plan("text_encoder", CLIPTextModelWithProjection, config, takes)


def _takes(name: str, width: int) -> dict[str, Take]:
    if name == "text_projection":
        return {"text_projection.weight": Take(name, lambda matrix: matrix.T)}
    match = re.fullmatch(r"transformer\.resblocks\.(\d+)\.(.+)", name)
    if match is None:
        return {ENDS.get(name, name): Take(name)}
    layer = f"text_model.encoder.layers.{match[1]}"
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

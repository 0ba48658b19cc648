"""LoRA (Hu et al. 2021): low-rank changes of the attention layers' weights, trained in place of the weights."""

import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from torch import nn

PROJECTIONS = ["to_q", "to_k", "to_v", "to_out.0"]
"""Of every attention layer, spatial and temporal."""


def add_adapters(unet: nn.Module, rank: int, seed: int) -> None:
    """Change nothing yet: the second factor of every change starts at 0, the first one is drawn from the seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        inject_adapter_in_model(LoraConfig(r=rank, lora_alpha=rank, target_modules=PROJECTIONS), unet)


def merge_adapters(unet: nn.Module) -> None:
    """Add the changes to the weights, so that the model is a plain one again."""
    adapted = [(name, module) for name, module in unet.named_modules() if isinstance(module, LoraLayer)]
    for name, module in adapted:
        module.merge()
        unet.set_submodule(name, module.get_base_layer())

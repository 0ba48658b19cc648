"""The generator `diffusion` as the node's parameters describe it, loaded and warm."""

import time
from typing import TYPE_CHECKING

from rclpy.node import Node

from dreamitate_ros.configuration import is_shipped, model_directory
from dreamitate_ros.nodes import parameters
from dreamitate_ros.rig import Rig

if TYPE_CHECKING:
    from dreamitate_ros.generate.diffusion.generator import DiffusionGenerator
    from dreamitate_ros.generate.diffusion.pipeline import ShowPreview

WARM_UP_TIMES, WARM_UP_TIMES_CPU = 13, 2
"""Of the clip that warms up: a GPU prepares for the very size, a CPU has little to prepare."""


def load_model(node: Node, generator: str, rig: Rig, show: "ShowPreview") -> "DiffusionGenerator | None":
    """None for another generator than `diffusion`. show: where previews go.

    Raises DreamitateError for a parameter or a model that cannot be, OUT_OF_MEMORY for a device too small."""
    model_name = parameters.text(
        node, "model", "", "folder of the generator diffusion's model; empty: the small one that ships"
    )
    sampling = parameters.text(
        node,
        "sampling",
        "",
        "preset of the model's sampling; empty: small for a model that ships, else paper",
    )
    memory = parameters.text(node, "memory", "24GB", "preset of the GPU memory to use")
    device = parameters.text(node, "device", "auto", "where the model computes: auto, cpu, cuda")
    steps = parameters.number(node, "steps", 0, "sampling steps; 0: the preset's", 0, 1000)
    solver = parameters.text(node, "solver", "", "euler or dpm++; empty: the preset's")
    compiled = parameters.flag(node, "compile", False, "torch.compile: minutes at start, faster steps")
    if generator != "diffusion":
        return None
    folder = model_directory(model_name)
    from dreamitate_ros.generate.diffusion.generator import DiffusionGenerator  # torch, only where needed

    preset = sampling or ("small" if is_shipped(folder) else "paper")
    started_s = time.monotonic()
    model = DiffusionGenerator.load(
        folder, preset, memory, device, steps=int(steps), solver=solver, compiled=compiled
    )
    loaded_s = time.monotonic()
    times = WARM_UP_TIMES if model.is_on_gpu else WARM_UP_TIMES_CPU
    model.warm_up(rig.top.width, rig.top.height, times)
    node.get_logger().info(
        f"{folder} loaded in {loaded_s - started_s:.1f} s, warmed up in {time.monotonic() - loaded_s:.1f} s"
    )
    model.show = show
    return model

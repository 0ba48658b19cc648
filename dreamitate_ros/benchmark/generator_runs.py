"""What is measured of a model of random weights; each function runs in a process of its own, whose memory tells."""

import pickle
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from diffusers import StableVideoDiffusionPipeline
from diffusers.utils import logging as diffusers_logging
from PIL import Image as Picture
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from transformers import CLIPImageProcessorPil, CLIPVisionConfig, CLIPVisionModelWithProjection

from dreamitate_ros.benchmark.generator_table import Measured, Size
from dreamitate_ros.generate.diffusion.condition import Condition
from dreamitate_ros.generate.diffusion.description import ModelDescription
from dreamitate_ros.generate.diffusion.load import place
from dreamitate_ros.generate.diffusion.network import predict
from dreamitate_ros.generate.diffusion.new_model import new_model, new_text_encoder, new_unet, new_vae
from dreamitate_ros.generate.diffusion.scheduler import original_scheduler
from dreamitate_ros.generate.diffusion.settings import Sampling, memory_preset
from dreamitate_ros.generate.diffusion.train.batches import Batch
from dreamitate_ros.generate.diffusion.train.unet import UnetLoss, trained_parameters
from dreamitate_ros.values import StereoImage

TIMES = 13
FRAMES = 2 * TIMES - 1


def size(description: ModelDescription) -> Size:
    """Counted without computing anything."""
    with torch.device("meta"):
        networks = new_unet(description), new_vae(description), new_text_encoder(description)
        unet, vae, text = (network.to("meta") for network in networks)  # some parameters were made elsewhere
        noisy, condition = torch.zeros(_clip_shape(description)), _condition(description)
        frame = torch.zeros(1, 3, description.height, description.width)
        latent, is_image = noisy[0, :1], torch.zeros(1, 1)
        return Size(
            _parameters_m(unet),
            _parameters_m(vae),
            _parameters_m(text),
            _gflop(lambda: predict(unet, noisy, torch.zeros(1), condition)),
            _gflop(lambda: vae.encoder(frame)),
            _gflop(lambda: vae.decoder(latent, is_image, 1)),
        )


def sample_ours(
    description: ModelDescription, device: str, memory: str, sampling: Sampling, seed: int
) -> tuple[Measured, bytes]:
    """One video by our pipeline, and its pixels; on a GPU after a warm-up."""
    chosen, pipeline = memory_preset(memory), new_model(description, seed)
    if device == "cuda":
        for network in (pipeline.unet, pipeline.text_encoder):
            network.to(getattr(torch, chosen.dtype))
    place(pipeline, chosen.offload, device)
    photos, marks = _photos(description), list[float]()

    def progress(_: float, text: str) -> None:
        if text.startswith("step "):
            marks.append(_now(device))

    def imagine() -> bytes:
        video = pipeline(
            photos, "", seed=seed, times=TIMES, sampling=sampling, memory=chosen, progress=progress
        )[0]
        return video.top.tobytes() + video.side.tobytes()

    return _timed(imagine, marks, device)


def sample_diffusers(description: ModelDescription, device: str, steps: int, seed: int) -> Measured:
    """One video by diffusers' own pipeline at its defaults, of the same networks, with an image encoder as large
    as our text encoder; in float16 on a GPU."""
    ours = new_model(description, seed)
    text = ours.text_encoder.config
    encoder = CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=text.hidden_size,
            intermediate_size=text.intermediate_size,
            projection_dim=text.projection_dim,
            num_hidden_layers=text.num_hidden_layers,
            num_attention_heads=text.num_attention_heads,
            patch_size=14,
        )
    )
    diffusers_logging.disable_progress_bar()
    pipeline = StableVideoDiffusionPipeline(
        ours.vae, encoder.eval(), ours.unet, original_scheduler(), CLIPImageProcessorPil()
    )
    pipeline.set_progress_bar_config(disable=True)
    pipeline.to(device, torch.float16 if device == "cuda" else torch.float32)
    photo, marks = Picture.fromarray(_photos(description).top), list[float]()

    def mark(_: object, step: int, timestep: object, tensors: dict[str, object]) -> dict[str, object]:
        marks.append(_now(device))
        return tensors

    def imagine() -> bytes:
        pipeline(
            photo,
            height=description.height,
            width=description.width,
            num_frames=FRAMES,
            num_inference_steps=steps,
            generator=torch.Generator("cpu").manual_seed(seed),
            callback_on_step_end=mark,
        )
        return b""

    return _timed(imagine, marks, device)[0]


def train_steps(description: ModelDescription, device: str, trainable: str, steps: int) -> Measured:
    """Steps of the UNet's training, batch 1; on a GPU with gradient checkpointing and in bfloat16, as configured
    for it in config/training."""
    on_gpu = device == "cuda"
    unet = new_unet(description).to(device).train()
    if on_gpu:
        unet.enable_gradient_checkpointing()
    loss, parameters = UnetLoss(unet), trained_parameters(unet, trainable)
    optimizer = torch.optim.AdamW(parameters, lr=1e-5)
    with torch.device(device):
        latents = torch.randn(_clip_shape(description))
        batch = Batch(latents, torch.randn_like(latents), torch.ones(1), _condition(description))
    times = []
    for _ in range(steps + 1):
        before = _now(device)
        with torch.autocast(device, torch.bfloat16, enabled=on_gpu):
            error = loss(batch).mean()
        error.backward()
        optimizer.step()
        optimizer.zero_grad()
        times.append(_now(device) - before)
    step_s = statistics.median(times[1:])  # the first one makes the optimiser's state
    return Measured(step_s, step_s, _peak_gb(device))


def _timed(imagine: Callable[[], bytes], marks: list[float], device: str) -> tuple[Measured, bytes]:
    if device == "cuda":
        imagine()
        torch.cuda.reset_peak_memory_stats()
    marks.clear()
    before = _now(device)
    pixels = imagine()
    whole_s = _now(device) - before
    steps = np.diff(marks)
    return Measured(whole_s, float(np.median(steps)), _peak_gb(device)), pixels


def _condition(description: ModelDescription) -> Condition:
    return Condition(
        torch.zeros(1, 1, 1, description.text_width),
        torch.zeros(_clip_shape(description)),
        torch.zeros(1, 3),
    )


def _clip_shape(description: ModelDescription) -> tuple[int, ...]:
    return 1, FRAMES, description.vae_latent_channels, *description.latent_size


def _photos(description: ModelDescription) -> StereoImage:
    random = np.random.default_rng(0)
    shape = (description.height, description.width, 3)
    top, side = (random.integers(0, 255, shape, dtype=np.uint8) for _ in range(2))
    return StereoImage(top, side)


def _parameters_m(network: nn.Module) -> float:
    return sum(parameter.numel() for parameter in network.parameters()) / 1e6


def _gflop(run: Callable[[], object]) -> float:
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        run()
    return counter.get_total_flops() / 1e9


def _now(device: str) -> float:
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def _peak_gb(device: str) -> float:
    if device == "cuda":
        return torch.cuda.max_memory_allocated() / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


def main(folder: Path) -> None:
    """Do what the file `job` in the folder says, and leave its result in `result`."""
    name, arguments = pickle.loads((folder / "job").read_bytes())
    (folder / "result").write_bytes(pickle.dumps(globals()[name](*arguments)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

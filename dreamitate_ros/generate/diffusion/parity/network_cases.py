"""UNet, denoiser, sampler and loss."""

import re

import torch
from diffusers import UNetSpatioTemporalConditionModel

from dreamitate_ros.generate.diffusion.checkpoint.unet_names import unet_name
from dreamitate_ros.generate.diffusion.condition import Condition
from dreamitate_ros.generate.diffusion.denoise import (
    denoise,
    denoising_loss,
    denoising_weight,
    scalings,
    training_sigmas,
)
from dreamitate_ros.generate.diffusion.network import predict
from dreamitate_ros.generate.diffusion.parity.golden import Comparisons, Golden
from dreamitate_ros.generate.diffusion.sampling import guidance_scales, sample
from dreamitate_ros.generate.diffusion.scheduler import original_scheduler


def unet_case(golden: Golden, unet: UNetSpatioTemporalConditionModel) -> Comparisons:
    """The network alone; two clips at once; each frame with its own context."""
    for prefix in ("", "b2_"):
        latents, concat = golden.clips(f"{prefix}x").chunk(2, dim=2)
        contexts = golden[f"{prefix}context"]
        clips = len(latents)
        context = contexts.unflatten(0, (clips, -1))
        condition = Condition(context, concat, golden[f"{prefix}added_time_ids"])
        c_noise = scalings(golden[f"{prefix}sigma"]).noise
        yield golden.compare(f"{prefix}out", predict(unet, latents, c_noise, condition).flatten(0, 1))
    keep = golden.clips("drop_context_keep")
    dropped = Condition(context * keep[:, :, None, None], concat, condition.time_ids)
    output = predict(unet, latents, c_noise, dropped).flatten(0, 1)
    yield golden.compare("drop_out", output[:, :, ::2, ::2])


def denoise_case(golden: Golden, unet: UNetSpatioTemporalConditionModel) -> Comparisons:
    """Preconditioning, and the denoiser at several noise levels."""
    sigmas = golden["sigmas"]
    yield golden.compare_each("scalings", torch.stack(scalings(sigmas), dim=1))
    latents, noise, condition = golden.clips("z"), golden.clips("noise"), golden.condition()
    denoised = [denoise(unet, latents + sigma * noise, sigma[None], condition)[0] for sigma in sigmas]
    yield golden.compare_each("denoised", torch.stack(denoised))


def sampler_case(golden: Golden, unet: UNetSpatioTemporalConditionModel) -> Comparisons:
    """Noise levels, guidance along the clip, and whole samplings with the latents on the way."""
    for key in sorted(golden.arrays):
        if match := re.fullmatch(r"sigmas_n(\d+)", key):
            scheduler = original_scheduler()
            scheduler.set_timesteps(int(match[1]))
            yield golden.compare(key, scheduler.sigmas)
        elif match := re.fullmatch(r"scale_g(const)?([\d.]+)", key):
            last = float(match[2])
            yield golden.compare(key, guidance_scales(last if match[1] else 1.0, last, golden.frames))
        elif match := re.fullmatch(r"(g(?:const)?[\d.]+)_n(\d+)_final", key):
            yield from _sampling(golden, unet, match[1], int(match[2]))


def _sampling(
    golden: Golden, unet: UNetSpatioTemporalConditionModel, guidance: str, steps: int
) -> Comparisons:
    """One sampling; its latents before each step (every tenth of 30) where the file has them."""
    scheduler = _Recorder()
    scale = guidance_scales(*_ends(guidance), golden.frames)
    final = sample(unet, scheduler, golden.condition(), golden.clips("noise"), scale, steps)
    on_the_way = f"{guidance}_n{steps}_x"
    if on_the_way in golden.arrays:
        count = len(golden[on_the_way])
        yield golden.compare_each(on_the_way, torch.cat(scheduler.latents[:: steps // count]))
    yield golden.compare(f"{guidance}_n{steps}_final", final[0])


def _ends(guidance: str) -> tuple[float, float]:
    if guidance.startswith("gconst"):
        constant = float(guidance.removeprefix("gconst"))
        return constant, constant
    return 1.0, float(guidance.removeprefix("g"))


class _Recorder:
    """The original's scheduler, and the latents that each step began with."""

    def __init__(self) -> None:
        self._scheduler = original_scheduler()
        self.latents: list[torch.Tensor] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._scheduler, name)

    def scale_model_input(self, latents: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        """As the scheduler does, remembering the latents."""
        self.latents.append(latents)
        return self._scheduler.scale_model_input(latents, timestep)


def loss_case(golden: Golden, unet: UNetSpatioTemporalConditionModel) -> Comparisons:
    """Noise levels drawn for training, the loss, and its gradient."""
    gauss = golden["sigma_gauss"]
    sigmas = training_sigmas(gauss)
    yield golden.compare("sigmas_raw", sigmas)
    sigma = sigmas.unflatten(0, (-1, golden.frames))[:, 0]
    yield golden.compare("sigmas_used", sigma)
    yield golden.compare("weight", denoising_weight(sigma))
    unet.zero_grad(set_to_none=True)
    loss = denoising_loss(unet, golden.clips("latents"), golden.clips("noise"), sigma, golden.condition())
    yield golden.compare("loss_per_frame", loss.flatten())
    mean = loss.mean()
    yield golden.compare("loss", mean.reshape(golden["loss"].shape))
    mean.backward()
    layers = unet.config.layers_per_block
    for key in sorted(golden.arrays):
        if key.startswith("grad:"):
            gradient = unet.get_parameter(unet_name(key.removeprefix("grad:"), layers)).grad
            rows = golden[key].shape[0]
            yield golden.compare(key, torch.zeros(0) if gradient is None else gradient[:rows])
    unet.zero_grad(set_to_none=True)

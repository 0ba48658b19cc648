"""The samplers on a model whose every video is known: independent Gaussian pixels."""

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn

from dreamitate_ros.generate.diffusion.condition import Condition
from dreamitate_ros.generate.diffusion.denoise import scalings
from dreamitate_ros.generate.diffusion.sampling import guidance_scales, sample
from dreamitate_ros.generate.diffusion.scheduler import original_scheduler, with_solver

SPREAD = 0.5
"""Standard deviation of the clean latents; their mean is the image latents, which the condition gives."""


class GaussianUNet(nn.Module):
    """The network that denoises such latents as well as can be."""

    dtype = torch.float32

    def forward(self, inputs: Tensor, c_noise: Tensor, **_: object) -> tuple[Tensor]:
        sigma = torch.exp(4 * c_noise)[:, None, None, None, None]
        factors = scalings(sigma)
        scaled, mean = inputs.chunk(2, dim=2)
        noisy = scaled / factors.inward
        clean = mean + (noisy - mean) * SPREAD**2 / (SPREAD**2 + sigma**2)
        return ((clean - factors.skip * noisy) / factors.out,)


def end_of(noise: Tensor, mean: Tensor) -> Tensor:
    """Where the probability flow of that model takes noise that starts at sigma 700."""
    start = noise * (1 + 700**2) ** 0.5
    return mean + (start - mean) * SPREAD / (SPREAD**2 + 700**2) ** 0.5


def error(solver: str, steps: int, on_step=lambda done, estimate: None) -> float:  # type: ignore[no-untyped-def]
    random = torch.Generator().manual_seed(0)
    noise, mean = (torch.randn(1, 5, 4, 4, 4, generator=random) for _ in range(2))
    condition = Condition(torch.zeros(1, 1, 1, 8), mean, torch.zeros(1, 3))
    found = sample(
        GaussianUNet(),  # type: ignore[arg-type]
        with_solver(original_scheduler(), solver),
        condition,
        noise,
        guidance_scales(1.0, 1.0, 5),
        steps,
        on_step=on_step,
    )
    return float((found - end_of(noise, mean)).abs().max())


@pytest.mark.parametrize("solver", ["euler", "dpm++"])
def test_more_steps_come_closer_to_the_known_end(solver: str) -> None:
    errors = [error(solver, steps) for steps in (10, 40, 160)]
    assert errors[0] > 1.8 * errors[1] > 1.8 * 1.8 * errors[2]
    assert errors[2] < 0.05


def test_the_second_order_needs_fewer_steps() -> None:
    assert error("dpm++", 20) < error("euler", 30)
    assert error("dpm++", 30) < error("euler", 30) / 2


@pytest.mark.parametrize("solver", ["euler", "dpm++"])
def test_the_estimate_on_the_way_ends_at_the_result(solver: str) -> None:
    seen = SimpleNamespace(estimates=[])
    distance = error(solver, 20, lambda done, estimate: seen.estimates.append(estimate))
    assert len(seen.estimates) == 20
    random = torch.Generator().manual_seed(0)
    noise, mean = (torch.randn(1, 5, 4, 4, 4, generator=random) for _ in range(2))
    misses = [float((estimate - end_of(noise, mean)).abs().max()) for estimate in seen.estimates]
    assert misses[-1] == pytest.approx(distance, abs=1e-3)
    assert misses[0] > misses[-1]

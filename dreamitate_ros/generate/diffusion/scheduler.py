"""Noise levels and steps: the original's EDM sampler, as diffusers' Euler scheduler; and a faster one."""

from typing import Any

from diffusers import EDMDPMSolverMultistepScheduler, EulerDiscreteScheduler

from dreamitate_ros.errors import DreamitateError, ErrorCode

SIGMA_MIN, SIGMA_MAX = 0.002, 700.0


def original_scheduler(sigma_min: float = SIGMA_MIN, sigma_max: float = SIGMA_MAX) -> EulerDiscreteScheduler:
    """Karras' sigmas (rho 7) from sigma_max to sigma_min, then 0; v-prediction; the network is told 0.25 ln(sigma).

    `leading` spacing makes the scheduler start from noise * sqrt(sigma_max^2 + 1), as the original does.
    """
    return EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        interpolation_type="linear",
        use_karras_sigmas=True,
        sigma_min=sigma_min,
        sigma_max=sigma_max,
        timestep_spacing="leading",
        steps_offset=1,
        timestep_type="continuous",
        final_sigmas_type="zero",
    )


def with_solver(scheduler: EulerDiscreteScheduler, solver: str) -> Any:
    """A scheduler of the same noise levels that takes its steps by `solver` (settings.py).

    DPM-Solver++ of second order (Lu et al. 2022) is as close to the end in fewer steps than Euler.
    """
    if solver == "euler":
        return scheduler
    if solver == "dpm++":
        return EDMDPMSolverMultistepScheduler(
            sigma_min=scheduler.config.sigma_min,
            sigma_max=scheduler.config.sigma_max,
            sigma_data=1.0,
            prediction_type="v_prediction",
            solver_order=2,
        )
    raise DreamitateError(ErrorCode.INVALID_PARAMETER, f"there is no solver '{solver}'; known: euler, dpm++")

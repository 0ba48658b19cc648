"""Every choice of an imagination, by name; the released code's and the paper's are presets. No torch here."""

from dataclasses import dataclass, replace
from typing import TypeVar

from dreamitate_ros.errors import DreamitateError, ErrorCode

Preset = TypeVar("Preset")


@dataclass(frozen=True)
class Sampling:
    """How a clip is sampled.

    steps: network evaluations from noise to video; the scheduler holds the noise levels.
    solver: how a step is taken: "euler" (the original) or "dpm++" (second order, for fewer steps).
    guidance_first, guidance_last: guidance of the clip's first and last frame, linear between; 1 is none
        (and one network pass a step instead of two).
    fps_id, motion_bucket_id: micro-conditioning, given to the network as they are.
    noise_augmentation: standard deviation of the noise on the photos (pixels in [-1, 1]); the network is told.
    """

    steps: int = 30
    solver: str = "euler"
    guidance_first: float = 1.0
    guidance_last: float = 1.0
    fps_id: int = 6
    motion_bucket_id: int = 200
    noise_augmentation: float = 0.02

    @property
    def is_guided(self) -> bool:
        """Whether any frame needs the unconditional branch."""
        return (self.guidance_first, self.guidance_last) != (1.0, 1.0)


SAMPLING = {
    "paper": Sampling(),
    "released": Sampling(guidance_first=2.0, guidance_last=2.0),
    "released_ramp_2.0": Sampling(guidance_last=2.0),
    "released_ramp_2.5": Sampling(guidance_last=2.5),
    "small": Sampling(steps=8, noise_augmentation=0.0),
}
"""paper: no guidance (section 4). released: the published sampling configuration. The ramps: the published
training configurations, which guide the later frames more. small: for a model trained by
config/training/small_unet_all_times.yaml, which sees the photos as they are and needs few steps."""


@dataclass(frozen=True)
class Memory:
    """What is traded for memory; only the decoding window changes the result, and that little.

    decode_window: frames decoded together. encode_at_once: photos encoded together.
    batch_guidance: both branches of guidance in one pass. offload: "none", "model" (one component on the
    GPU at a time) or "layers" (one layer at a time: slow). dtype: of UNet and text encoder on a GPU.
    """

    decode_window: int
    encode_at_once: int
    batch_guidance: bool
    offload: str
    dtype: str


MEMORY = {
    "8GB": Memory(decode_window=2, encode_at_once=1, batch_guidance=False, offload="model", dtype="float16"),
    "14GB": Memory(
        decode_window=5, encode_at_once=2, batch_guidance=False, offload="model", dtype="bfloat16"
    ),
    "24GB": Memory(decode_window=13, encode_at_once=5, batch_guidance=True, offload="none", dtype="bfloat16"),
    "exact": Memory(
        decode_window=25, encode_at_once=25, batch_guidance=True, offload="none", dtype="float32"
    ),
}
"""By the GPU memory they are meant for; `exact` computes as the original does, with no regard to memory."""


SOLVERS = ("euler", "dpm++")


def sampling_preset(name: str, steps: int = 0, solver: str = "") -> Sampling:
    """The preset, with other steps or another solver where they are given.

    Raises DreamitateError(INVALID_PARAMETER) that lists what is known.
    """
    preset = _chosen("sampling preset", name, SAMPLING)
    if solver and solver not in SOLVERS:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, f"there is no solver '{solver}'; known: {', '.join(SOLVERS)}"
        )
    return replace(preset, steps=steps or preset.steps, solver=solver or preset.solver)


def memory_preset(name: str) -> Memory:
    """Raises DreamitateError(INVALID_PARAMETER) that lists the presets."""
    return _chosen("memory preset", name, MEMORY)


def _chosen(what: str, name: str, presets: dict[str, Preset]) -> Preset:
    if name not in presets:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER, f"there is no {what} '{name}'; known: {', '.join(presets)}"
        )
    return presets[name]

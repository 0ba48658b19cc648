"""The figures of the generator's benchmark, and how they are said. No torch here."""

from dataclasses import dataclass

from dreamitate_ros.generate.diffusion.description import ModelDescription


@dataclass(frozen=True)
class Size:
    """Millions of parameters of each network; GFLOP of one pass of the UNet over a clip, and a frame's of the VAE."""

    unet_m: float
    vae_m: float
    text_encoder_m: float
    unet_gflop: float
    encode_gflop: float
    decode_gflop: float


@dataclass(frozen=True)
class Measured:
    """whole_s: one video, or one training step. step_s: median of the steps. memory_gb: the most that was held."""

    whole_s: float
    step_s: float
    memory_gb: float


def size_line(model: str, description: ModelDescription, size: Size) -> str:
    """What the model is."""
    return (
        f"{model}, {description.width}x{description.height}, 25 frames, random weights: UNet {size.unet_m:.1f} M"
        f" parameters and {size.unet_gflop:.0f} GFLOP a pass, autoencoder {size.vae_m:.1f} M and"
        f" {size.encode_gflop:.0f} to encode and {size.decode_gflop:.0f} GFLOP to decode a frame, text encoder"
        f" {size.text_encoder_m:.1f} M"
    )


def measured_line(what: str, measured: Measured) -> str:
    """What was measured of `what`."""
    return f"{what}: {measured.whole_s:.2f} s, {measured.step_s:.2f} s a step, at most {measured.memory_gb:.2f} GB"

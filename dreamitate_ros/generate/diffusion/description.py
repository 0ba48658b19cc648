"""A model's architecture as config/models/*.yaml describes it. No torch here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.task import require_range
from dreamitate_ros.yaml_file import load_mapping

GROUPS = 32
"""Groups of every group norm in diffusers' blocks, so channels are multiples of it."""


@dataclass(frozen=True)
class ModelDescription:
    """width, height: of the imagined frames, px.

    unet_channels, unet_attention: by level, from the widest images to the smallest. unet_layers: residual blocks a
    level. head_channels: of an attention head. vae_channels, vae_layers: of the autoencoder, likewise; its levels
    but the first halve the image. vae_latent_channels: numbers that a pixel of the last one is told in. text_width,
    text_layers, text_heads: the prompt's encoder; its width is that of cross-attention. imagines_change: see
    StereoVideoPipeline. sigma_min, sigma_max: noise levels that imagining goes through; latents vary by about 1.
    """

    width: int
    height: int
    unet_channels: tuple[int, ...]
    unet_attention: tuple[bool, ...]
    unet_layers: int
    head_channels: int
    vae_channels: tuple[int, ...]
    vae_layers: int
    vae_latent_channels: int
    text_width: int
    text_layers: int
    text_heads: int
    imagines_change: bool
    sigma_min: float
    sigma_max: float

    @property
    def latent_size(self) -> tuple[int, int]:
        """Height and width of the latents."""
        shrink = 2 ** (len(self.vae_channels) - 1)
        return self.height // shrink, self.width // shrink


KEYS = {
    "unet": ("channels", "attention", "layers", "head_channels"),
    "vae": ("channels", "layers", "latent_channels"),
    "text": ("width", "layers", "heads"),
    "noise": ("sigma_min", "sigma_max"),
}


def load_description(name: str, config: Path) -> ModelDescription:
    """The model `name` of config/models, or the file of that path.

    Raises DreamitateError(INVALID_PARAMETER) for one that is not there, or cannot be built.
    """
    path = Path(name) if name.endswith(".yaml") else config / "models" / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in (config / "models").glob("*.yaml")))
        raise _invalid(f"there is no model '{name}'; known models: {known}; or give the path of a .yaml file")
    content = load_mapping(path, ErrorCode.INVALID_PARAMETER)
    _require_keys(str(path), content, {"width", "height", "imagines_change", *KEYS})
    for section, keys in KEYS.items():
        if not isinstance(content[section], dict):
            raise _invalid(f"{path}: '{section}' must hold {', '.join(keys)}")
        _require_keys(f"{path}, {section}", content[section], set(keys))
    unet, vae, text, noise = (content[section] for section in KEYS)
    description = ModelDescription(
        width=_count(path, "width", content["width"]),
        height=_count(path, "height", content["height"]),
        unet_channels=_channels(path, "unet", unet["channels"]),
        unet_attention=_flags(path, unet["attention"]),
        unet_layers=_count(path, "unet.layers", unet["layers"]),
        head_channels=_count(path, "unet.head_channels", unet["head_channels"]),
        vae_channels=_channels(path, "vae", vae["channels"]),
        vae_layers=_count(path, "vae.layers", vae["layers"]),
        vae_latent_channels=_count(path, "vae.latent_channels", vae["latent_channels"]),
        text_width=_count(path, "text.width", text["width"]),
        text_layers=_count(path, "text.layers", text["layers"]),
        text_heads=_count(path, "text.heads", text["heads"]),
        imagines_change=_flag(path, "imagines_change", content["imagines_change"]),
        sigma_min=require_range(f"{path}: noise.sigma_min", noise["sigma_min"], 1e-6, 1.0),
        sigma_max=require_range(f"{path}: noise.sigma_max", noise["sigma_max"], 1.0, 1e6),
    )
    _require_buildable(path, description)
    return description


def _require_buildable(path: Path, model: ModelDescription) -> None:
    if len(model.unet_attention) != len(model.unet_channels):
        raise _invalid(
            f"{path}: unet.attention must have a value for each of the {len(model.unet_channels)} levels"
        )
    if any(channels % model.head_channels for channels in model.unet_channels):
        raise _invalid(f"{path}: unet.channels must be multiples of head_channels ({model.head_channels})")
    if model.text_width % model.text_heads:
        raise _invalid(f"{path}: text.width must be a multiple of text.heads ({model.text_heads})")
    halvings = len(model.unet_channels) + len(model.vae_channels) - 2
    if model.width % 2**halvings or model.height % 2**halvings:
        raise _invalid(
            f"{path}: width and height must be multiples of {2**halvings}, which the levels halve them to,"
            f" found {model.width}x{model.height}"
        )


def _require_keys(where: str, content: dict[str, Any], known: set[str]) -> None:
    for key in sorted(known ^ content.keys()):
        what = "is missing" if key in known else f"is unknown; known keys: {', '.join(sorted(known))}"
        raise _invalid(f"{where}: '{key}' {what}")


def _count(path: Path, name: str, value: Any) -> int:
    if type(value) is not int or value < 1:
        raise _invalid(f"{path}: {name} must be a whole number above 0, found {value!r}")
    return int(value)


def _channels(path: Path, section: str, value: Any) -> tuple[int, ...]:
    is_list = isinstance(value, list) and len(value) > 1
    if not is_list or any(type(count) is not int or count < 1 or count % GROUPS for count in value):
        raise _invalid(
            f"{path}: {section}.channels must list two or more multiples of {GROUPS}, found {value!r}"
        )
    return tuple(value)


def _flags(path: Path, value: Any) -> tuple[bool, ...]:
    if not isinstance(value, list) or any(not isinstance(flag, bool) for flag in value):
        raise _invalid(f"{path}: unet.attention must list true or false for each level, found {value!r}")
    return tuple(value)


def _flag(path: Path, name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _invalid(f"{path}: {name} must be true or false, found {value!r}")
    return value


def _invalid(message: str) -> DreamitateError:
    return DreamitateError(ErrorCode.INVALID_PARAMETER, message)

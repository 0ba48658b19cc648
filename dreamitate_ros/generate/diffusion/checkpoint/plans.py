"""Which components the sources hold, and how each is made."""

from dataclasses import replace

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.checkpoint.clip_names import (
    has_tower,
    plan_image_encoder,
    plan_text_encoder,
)
from dreamitate_ros.generate.diffusion.checkpoint.folder import CLASSES, plan_copy
from dreamitate_ros.generate.diffusion.checkpoint.plan import Plan, Shapes, Take
from dreamitate_ros.generate.diffusion.checkpoint.sources import CLIP, UNET, VISUAL, Sources
from dreamitate_ros.generate.diffusion.checkpoint.unet_names import plan_unet
from dreamitate_ros.generate.diffusion.checkpoint.vae_names import (
    CONDITION_ENCODER,
    ENCODER,
    plan_target_vae,
    plan_vae,
)


def plan_components(sources: Sources, head_channels: int | None) -> list[Plan]:
    """One plan for each component; the original's layout counts where a diffusers folder has the same component.

    Raises DreamitateError where there is no component, or where the architecture is unclear.
    """
    copies, unet = _copies(sources), _unet(sources, head_channels)
    plans = {plan.folder: plan for plan in [*copies, *unet, *_autoencoders(sources), *_clip(sources)]}
    if not plans:
        raise DreamitateError(
            ErrorCode.INVALID_PARAMETER,
            f"{sources.files[0].path} holds no component of the stereo video model",
        )
    return [_available(plan, sources.shapes()) for plan in plans.values()]


def _copies(sources: Sources) -> list[Plan]:
    """Components in the layout of diffusers."""
    plans = []
    for component in CLASSES:
        if shapes := sources.shapes(f"{component}/"):
            file = sources.file_of(f"{component}/{next(iter(shapes))}")
            plans.append(_prefixed(plan_copy(component, shapes, file.path.parent), f"{component}/"))
    return plans


def _unet(sources: Sources, head_channels: int | None) -> list[Plan]:
    shapes = sources.shapes(UNET)
    return [_prefixed(plan_unet(shapes, head_channels), UNET)] if shapes else []


def _autoencoders(sources: Sources) -> list[Plan]:
    """One for imagining; and the first stage for training, where the conditioner's encoder is another."""
    shapes = sources.shapes()
    first_stage = any(name.startswith(ENCODER) for name in shapes)
    conditioner = any(name.startswith(CONDITION_ENCODER) for name in shapes)
    plans = [plan_vae(shapes)] if first_stage or conditioner else []
    return [*plans, plan_target_vae(shapes)] if first_stage and conditioner else plans


def _clip(sources: Sources) -> list[Plan]:
    """The text tower; where there is none (plain Stable Video Diffusion), the image tower in its place."""
    text = {name: shape for name, shape in sources.shapes(CLIP).items() if not name.startswith("visual.")}
    if has_tower(text):
        return [_prefixed(plan_text_encoder(text), CLIP)]
    visual = sources.shapes(VISUAL)
    return [_prefixed(plan_image_encoder(visual), VISUAL)] if has_tower(visual) else []


def _prefixed(plan: Plan, prefix: str) -> Plan:
    takes = {name: Take(prefix + take.source, take.change) for name, take in plan.takes.items()}
    return replace(plan, takes=takes)


def _available(plan: Plan, shapes: Shapes) -> Plan:
    """The plan without what the sources lack, which check() then names as missing."""
    return replace(plan, takes={name: take for name, take in plan.takes.items() if take.source in shapes})

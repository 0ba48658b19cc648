"""The tensors of one or more source files under the original's full names, and those nothing needs."""

import re
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.generate.diffusion.checkpoint.folder import PREFIXES, open_folder
from dreamitate_ros.generate.diffusion.checkpoint.plan import LISTED, Shapes
from dreamitate_ros.generate.diffusion.checkpoint.tensor_file import TensorFile, open_tensors

UNET = "model.diffusion_model."
CLIP = "conditioner.embedders.0.open_clip.model."
VISUAL = f"{CLIP}visual."
USED = (
    UNET,
    "first_stage_model.encoder.",
    "first_stage_model.decoder.",
    "conditioner.embedders.3.encoder.encoder.",
    "conditioner.embedders.3.encoder.quant_conv.",
    CLIP,
    *PREFIXES,
)
NEEDLESS = (
    "model_ema.",
    "conditioner.embedders.3.encoder.decoder.",
    "conditioner.embedders.3.encoder.post_quant_conv.",
    f"{CLIP}logit_scale",
    f"{CLIP}attn_mask",
)
"""Moving averages of training; parts of the conditioner's autoencoder and of CLIP that the model never runs."""

PARTIAL = (
    (re.compile(r"diffusion_model\.(.+)"), UNET),
    (re.compile(r"((?:input_blocks|middle_block|output_blocks|time_embed|label_emb|out)\..+)"), UNET),
    (re.compile(r"((?:transformer|token_embedding|ln_final|visual)\..+)"), CLIP),
    (re.compile(r"(positional_embedding|text_projection|logit_scale|attn_mask)"), CLIP),
)
"""Names in files of the UNet alone or of OpenCLIP alone, and the prefix they have in a whole model."""


@dataclass(frozen=True)
class Sources:
    """files: in the order given. origins: full name -> the file that holds it, and its name there.

    Where two files hold the same tensor, the later one counts. needless: names that are left out.
    """

    files: tuple[TensorFile, ...]
    origins: dict[str, tuple[TensorFile, str]]
    needless: tuple[str, ...]

    def shapes(self, prefix: str = "") -> Shapes:
        """Shapes of the tensors below a prefix, named without it."""
        return {
            name.removeprefix(prefix): file.shapes[key]
            for name, (file, key) in self.origins.items()
            if name.startswith(prefix)
        }

    def file_of(self, name: str) -> TensorFile:
        """The file that holds a tensor."""
        return self.origins[name][0]

    def read(self, name: str) -> Tensor:
        """One tensor by its full name."""
        file, key = self.origins[name]
        return file.read(key)


def open_sources(paths: list[Path]) -> Sources:
    """Raises DreamitateError for an unreadable file, or one with tensors of some other model (named)."""
    files = tuple(file for path in paths for file in _open(path))
    origins: dict[str, tuple[TensorFile, str]] = {}
    needless: list[str] = []
    for file in files:
        unexpected = []
        for key in file.shapes:
            name = full_name(key)
            if name.startswith(NEEDLESS):
                needless.append(name)
            elif name.startswith(USED):
                origins[name] = (file, key)
            else:
                unexpected.append(key)
        if unexpected:
            raise _foreign(file.path, unexpected)
    return Sources(files, origins, tuple(needless))


def _open(path: Path) -> list[TensorFile]:
    return open_folder(path) if path.is_dir() else [open_tensors(path)]


def full_name(key: str) -> str:
    """A tensor's name in a whole model of the original."""
    for pattern, prefix in PARTIAL:
        match = pattern.fullmatch(key)
        if match:
            return prefix + match[1]
    return key


def _foreign(path: Path, unexpected: list[str]) -> DreamitateError:
    more = f" and {len(unexpected) - LISTED} more" if len(unexpected) > LISTED else ""
    return DreamitateError(
        ErrorCode.INVALID_PARAMETER,
        f"{path} has tensors that the stereo video model does not: unexpected: {', '.join(unexpected[:LISTED])}{more}",
    )

"""The UNet's blocks through torch.compile."""

from diffusers import UNetSpatioTemporalConditionModel
from diffusers.models.attention import BasicTransformerBlock, TemporalBasicTransformerBlock
from diffusers.models.resnet import ResnetBlock2D, TemporalResnetBlock

BLOCKS = (BasicTransformerBlock, TemporalBasicTransformerBlock, ResnetBlock2D, TemporalResnetBlock)


def compile_blocks(unet: UNetSpatioTemporalConditionModel, backend: str = "inductor") -> None:
    """Compile the blocks when they are first used; blocks of one shape share the compiled code.

    Blocks and not the whole: what polls for a cancel and gives frames their own context hooks in between.
    """
    for module in unet.modules():
        if isinstance(module, BLOCKS):
            module.compile(backend=backend)

"""Writing a .safetensors file tensor by tensor: memory for one tensor, whatever the size of the model."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from dreamitate_ros.whole_file import whole

DTYPE_NAMES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16"}


def write_tensors(
    path: Path,
    shapes: Mapping[str, tuple[int, ...]],
    dtype: torch.dtype,
    read: Callable[[str], Tensor],
    on_tensor: Callable[[int], None],
) -> None:
    """Write the tensors of `shapes`, each as read(name) gives it, in `dtype`; on_tensor(how many are written).

    The file appears under its name only when it is whole. Format: huggingface/safetensors, README, "Format".
    """
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + torch.Size(shape).numel() * dtype.itemsize
        header[name] = {"dtype": DTYPE_NAMES[dtype], "shape": list(shape), "data_offsets": [start, end]}
    encoded = json.dumps(header).encode()
    encoded += b" " * (-len(encoded) % 8)

    with whole(path) as part, part.open("wb") as file:
        file.write(len(encoded).to_bytes(8, "little") + encoded)
        for count, name in enumerate(shapes, start=1):
            tensor = read(name).to(dtype).contiguous()
            file.write(tensor.reshape(-1).view(torch.uint8).numpy().data)
            on_tensor(count)

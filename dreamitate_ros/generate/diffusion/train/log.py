"""What a training writes down while it runs: a line a step, and TensorBoard's curves, texts and videos."""

import io
import json
from collections.abc import Mapping
from pathlib import Path

from PIL import Image as Picture
from tensorboard.compat.proto.summary_pb2 import Summary
from torch.utils.tensorboard import FileWriter, summary

from dreamitate_ros.values import Image
from dreamitate_ros.whole_file import write_whole

LOSSES, BOARD = "losses.jsonl", "tensorboard"


class TrainingLog:
    """Goes on in the files of a training that is resumed; what it wrote after its last checkpoint is dropped."""

    def __init__(self, folder: Path, start: int) -> None:
        self._losses = folder / LOSSES
        folder.mkdir(parents=True, exist_ok=True)
        _keep_steps(self._losses, start)
        # a file for each run; steps that are done again follow in a later one, and TensorBoard shows those
        self._board = FileWriter(str(folder / BOARD), filename_suffix=f".from_{start:08d}")

    def loss(self, step: int, loss: float) -> None:
        """A line of losses.jsonl."""
        with self._losses.open("a") as file:
            file.write(json.dumps({"step": step, "loss": loss}) + "\n")

    def curves(self, step: int, values: Mapping[str, float]) -> None:
        """Points of TensorBoard's curves, by their names."""
        for name, value in values.items():
            self._board.add_summary(summary.scalar(name, value), step)

    def video(self, step: int, name: str, frames: Image, fps: float) -> None:
        """(T, H, W, 3) uint8 RGB as an animation among TensorBoard's images."""
        pictures = [Picture.fromarray(frame) for frame in frames]
        buffer = io.BytesIO()
        pictures[0].save(
            buffer, "GIF", save_all=True, append_images=pictures[1:], duration=round(1000 / fps), loop=0
        )
        image = Summary.Image(
            height=frames.shape[1],
            width=frames.shape[2],
            colorspace=3,
            encoded_image_string=buffer.getvalue(),
        )
        self._board.add_summary(Summary(value=[Summary.Value(tag=name, image=image)]), step)

    def flush(self) -> None:
        """Make what was written visible now."""
        self._board.flush()

    def close(self) -> None:
        """Write the rest."""
        self._board.close()


def _keep_steps(path: Path, last: int) -> None:
    """Only the whole lines of steps up to `last`."""
    if not path.is_file():
        return
    kept = []
    for line in path.read_text().splitlines():
        try:
            step = int(json.loads(line)["step"])
        except (ValueError, KeyError):  # cut off when the training was killed
            break
        if step <= last:
            kept.append(line + "\n")
    write_whole(path, "".join(kept))

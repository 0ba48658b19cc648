"""A take while it is recorded: on disk frame by frame, so that whatever ends the process costs no more than a frame.

NUMBER.top.h264, NUMBER.side.h264   bare H.264, readable however short it was cut
NUMBER.stamps                       a line for each pair: the two exposure times in s; written after its frames
NUMBER.json                         what the person said before it began
"""

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from dreamitate_ros.errors import DreamitateError, ErrorCode
from dreamitate_ros.values import Array, Image

VIEWS = ("top", "side")
QUALITY = 14  # H.264's crf: what is learnt from must not show the codec
SETTINGS = {
    "crf": str(QUALITY),
    "preset": "veryfast",
    "tune": "zerolatency",
}  # no frame waits for a later one


@dataclass(frozen=True)
class Unfinished:
    """What a recording left: number, facts, and stamps_s (N, 2) of the pairs that are whole."""

    folder: Path
    number: int
    facts: dict[str, Any]
    stamps_s: Array

    def video(self, view: str) -> Path:
        """The bare H.264 of a view."""
        return self.folder / f"{self.number:06d}.{view}.h264"

    def remove(self) -> None:
        """Forget it."""
        for path in self.folder.glob(f"{self.number:06d}.*"):
            path.unlink()


class TakeWriter:
    """folder: for unfinished takes. facts: kept with it. fps: of the cameras, for the encoder's sake only."""

    def __init__(self, folder: Path, number: int, facts: dict[str, Any], fps: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._number, self._fps, self.pairs = folder, number, fps, 0
        try:
            (folder / f"{number:06d}.json").write_text(json.dumps(facts))
            self._stamps = (folder / f"{number:06d}.stamps").open("w")
        except OSError as error:
            raise DreamitateError(ErrorCode.INVALID_PARAMETER, f"cannot write to {folder}: {error}") from None
        self._streams: dict[str, Any] = {}
        self._files: dict[str, Any] = {}

    def add(self, top: Image, side: Image, top_s: float, side_s: float) -> None:
        """One pair, (H, W, 3) RGB each, with its exposure times."""
        for view, image in zip(VIEWS, (top, side), strict=True):
            self._encode(view, image)
        self._stamps.write(f"{top_s:.6f} {side_s:.6f}\n")
        self._stamps.flush()
        self.pairs += 1

    def close(self) -> Unfinished:
        """End the files; what they hold is kept by TakeLibrary."""
        for view, stream in self._streams.items():
            for packet in stream.encode():
                self._files[view].write(bytes(packet))
            self._files[view].close()
        self._stamps.close()
        return read_unfinished(self._folder, self._number)

    def _encode(self, view: str, image: Image) -> None:
        if view not in self._streams:
            self._streams[view] = _encoder(image, self._fps)
            self._files[view] = (self._folder / f"{self._number:06d}.{view}.h264").open("wb")
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
        picture.pts = self.pairs
        for packet in self._streams[view].encode(picture):
            self._files[view].write(bytes(packet))
        self._files[view].flush()


def read_unfinished(folder: Path, number: int) -> Unfinished:
    """What a recording left on disk, its last line dropped where it is torn."""
    path = folder / f"{number:06d}.stamps"
    lines = path.read_text().splitlines(keepends=True) if path.is_file() else []
    rows = [[float(word) for word in line.split()] for line in lines if line.endswith("\n")]
    try:
        facts = json.loads((folder / f"{number:06d}.json").read_text())
    except (OSError, ValueError):
        facts = {}
    return Unfinished(folder, number, facts, np.array(rows).reshape(-1, 2))


def unfinished_numbers(folder: Path) -> list[int]:
    """Of all recordings that nobody finished."""
    return sorted({int(path.name.split(".")[0]) for path in folder.glob("[0-9]*.*")})


def remux(source: Path, target: Path, frames: int, fps: float) -> int:
    """The first `frames` frames of a bare H.264 file as an mp4 of a constant frame rate; returns how many there were.

    Nothing is encoded again.
    """
    rate = Fraction(fps).limit_denominator(1000)
    count = 0
    with av.open(str(source), format="h264") as bare, av.open(str(target), "w", format="mp4") as container:
        stream = container.add_stream_from_template(bare.streams.video[0])
        stream.time_base = 1 / rate
        for packet in bare.demux(video=0):
            if packet.size == 0 or count == frames:
                continue
            packet.stream, packet.time_base = stream, 1 / rate
            packet.pts = packet.dts = count
            packet.duration = 1
            container.mux(packet)
            count += 1
    return count


def _encoder(image: Image, fps: float) -> Any:
    codec = av.CodecContext.create("libx264", "w")
    codec.height, codec.width, codec.pix_fmt = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2, "yuv420p"
    codec.framerate = Fraction(fps).limit_denominator(1000)
    codec.time_base = 1 / codec.framerate
    codec.gop_size, codec.options = int(max(1, round(fps))), dict(SETTINGS)
    return codec
